import { type SyntheticEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { reconnectNow } from '../../client/connection.ts';
import { signIn } from '../../client/session.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { formText } from '../../components/form-text.ts';
import { Mark } from '../../components/mark.tsx';

export function SignInPage({ passwordSet }: { passwordSet: boolean }) {
  const { t } = useTranslation();
  const [failure, setFailure] = useState<string | null>(null);
  const [pending, setPending] = useState(false);
  const inputRef = useRef<HTMLInputElement>(null);
  // The page has nothing else to do.
  useEffect(() => inputRef.current?.focus(), []);

  const submit = async (password: string): Promise<void> => {
    setPending(true);
    const result = await signIn(password);
    setPending(false);
    switch (result.kind) {
      case 'signedIn':
        useEngine.setState({ link: { kind: 'connecting' } });
        reconnectNow();
        return;
      case 'wrong':
        setFailure(t('signIn.wrong'));
        return;
      case 'wait':
        setFailure(
          result.retryAfterS === null ? t('signIn.wait') : t('signIn.waitFor', { seconds: result.retryAfterS }),
        );
        return;
      case 'unreachable':
        setFailure(t('signIn.unreachable'));
    }
  };
  const onSubmit = (event: SyntheticEvent<HTMLFormElement, SubmitEvent>): void => {
    event.preventDefault();
    void submit(formText(new FormData(event.currentTarget), 'password'));
  };

  return (
    <main className="grid h-dvh place-items-center overflow-y-auto bg-ground p-4">
      <div className="w-full max-w-[340px]">
        <div className="mb-5 flex items-center gap-3">
          <Mark lit={false} />
          <div>
            <h1 className="text-20 font-semibold">{t('signIn.title')}</h1>
            <p className="text-13 text-muted">{t('signIn.body')}</p>
          </div>
        </div>
        {passwordSet ? (
          <>
            <form onSubmit={onSubmit} className="flex flex-col gap-2">
              {/* Password managers want a name beside a password. */}
              <input type="text" name="username" value="gatehouse" autoComplete="username" readOnly hidden />
              <Field label={t('signIn.password')} error={failure ?? undefined}>
                {(props) => (
                  <input
                    {...props}
                    type="password"
                    name="password"
                    autoComplete="current-password"
                    ref={inputRef}
                    required
                  />
                )}
              </Field>
              <Button type="submit" look="primary" disabled={pending} className="h-9">
                {t('signIn.submit')}
              </Button>
            </form>
            <p className="mt-4 text-12 text-muted">{t('signIn.forgot')}</p>
          </>
        ) : (
          <p className="rounded border border-line bg-surface p-4 text-14 text-soft">{t('signIn.noPassword')}</p>
        )}
      </div>
    </main>
  );
}
