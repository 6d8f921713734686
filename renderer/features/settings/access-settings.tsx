import { type SyntheticEvent, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiToken, EngineStatus, Settings } from '../../../app/contract/objects.ts';
import { act } from '../../client/actions.ts';
import { reconnectNow } from '../../client/connection.ts';
import { signOut } from '../../client/session.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy.tsx';
import { Field } from '../../components/field.tsx';
import { formText } from '../../components/form-text.ts';
import { Time } from '../../components/time.tsx';
import { notify } from '../../components/toasts.tsx';
import { SettingLine } from './setting-line.tsx';
import type { SaveSettings } from './settings-page.tsx';
import { SettingsSection } from './settings-section.tsx';

const shortestPassword = 10;

function Password({ passwordSet }: { passwordSet: boolean }) {
  const { t } = useTranslation();
  const [error, setError] = useState<string | null>(null);
  const submit = async (form: HTMLFormElement): Promise<void> => {
    const data = new FormData(form);
    const password = formText(data, 'password');
    const current = formText(data, 'current');
    setError(password.length < shortestPassword ? t('settings.passwordShort') : null);
    if (password.length < shortestPassword) return;
    const done = await act(t('settings.failed'), (client) =>
      client.access.setPassword({ password, ...(current === '' ? {} : { current }) }),
    );
    if (!done) return;
    form.reset();
    notify({ title: t('settings.passwordDone') });
  };
  const onSubmit = (event: SyntheticEvent<HTMLFormElement, SubmitEvent>): void => {
    event.preventDefault();
    void submit(event.currentTarget);
  };
  return (
    <form onSubmit={onSubmit} className="border-b border-line p-4">
      <h3 className="text-14 font-semibold">{t('settings.password')}</h3>
      <p className="mb-3 text-13 text-muted">{t(passwordSet ? 'settings.passwordSet' : 'settings.passwordNotSet')}</p>
      <div className="grid max-w-[560px] gap-x-3 gap-y-1 sm:grid-cols-2">
        <input type="text" name="username" value="gatehouse" autoComplete="username" readOnly hidden />
        {passwordSet && (
          <Field label={t('settings.passwordCurrent')}>
            {(props) => <input {...props} name="current" type="password" autoComplete="current-password" />}
          </Field>
        )}
        <Field label={t('settings.passwordNew')} hint={t('settings.passwordNewHint')} error={error ?? undefined}>
          {(props) => <input {...props} name="password" type="password" autoComplete="new-password" />}
        </Field>
      </div>
      <Button type="submit" className="mt-2">
        {t('settings.passwordSave')}
      </Button>
    </form>
  );
}

function Tokens() {
  const { t } = useTranslation();
  const client = useEngine((state) => state.client);
  const [tokens, setTokens] = useState<readonly ApiToken[] | null>(null);
  const [fresh, setFresh] = useState<string | null>(null);
  const [version, setVersion] = useState(0);
  useEffect(() => {
    if (!client) return undefined;
    let current = true;
    client.access.tokens.list().then(
      (list) => current && setTokens(list),
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [client, version]);
  const create = async (form: HTMLFormElement): Promise<void> => {
    const name = formText(new FormData(form), 'name').trim();
    if (name === '') return;
    const made = await act(t('settings.failed'), (now) => now.access.tokens.create({ name }));
    if (!made) return;
    form.reset();
    setFresh(made.token);
    setVersion((now) => now + 1);
  };
  const revoke = async (token: ApiToken): Promise<void> => {
    const done = await act(t('settings.failed'), (now) => now.access.tokens.revoke({ id: token.id }));
    if (!done) return;
    notify({ title: t('settings.tokenRevoked', { name: token.name }) });
    setVersion((now) => now + 1);
  };
  const onSubmit = (event: SyntheticEvent<HTMLFormElement, SubmitEvent>): void => {
    event.preventDefault();
    void create(event.currentTarget);
  };
  return (
    <div className="border-b border-line p-4">
      <h3 className="text-14 font-semibold">{t('settings.tokens')}</h3>
      <p className="mb-3 text-13 text-muted">{t('settings.tokensHint')}</p>
      {tokens?.length === 0 && <p className="mb-3 text-13 text-muted">{t('settings.tokenNone')}</p>}
      {tokens && tokens.length > 0 && (
        <ul className="mb-3 max-w-[560px]">
          {tokens.map((token) => (
            <li key={token.id} className="flex items-center gap-3 border-b border-line py-1.5 text-13 last:border-0">
              <span className="min-w-0 flex-1 truncate">{token.name}</span>
              <span className="text-12 text-muted">
                {token.lastUsedAt === null ? (
                  t('settings.tokenNever')
                ) : (
                  <>
                    {t('settings.tokenUsed')} <Time at={token.lastUsedAt} />
                  </>
                )}
              </span>
              <Button
                look="quiet"
                aria-label={t('settings.tokenRevokeNamed', { name: token.name })}
                onClick={() => void revoke(token)}
              >
                {t('settings.tokenRevoke')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {fresh !== null && (
        <div role="status" className="mb-3 max-w-[560px] rounded-s bg-accent-soft px-3 py-2">
          <p className="text-13">{t('settings.tokenOnce')}</p>
          <p className="flex items-center gap-1">
            <code className="min-w-0 font-mono text-13 [overflow-wrap:anywhere]">{fresh}</code>
            <CopyButton text={fresh} />
          </p>
        </div>
      )}
      <form onSubmit={onSubmit}>
        <Field label={t('settings.tokenName')}>
          {(props) => (
            <div className="flex max-w-[560px] gap-2">
              <input
                {...props}
                name="name"
                maxLength={100}
                autoComplete="off"
                placeholder={t('settings.tokenNamePlaceholder')}
              />
              <Button type="submit" className="h-9">
                {t('settings.tokenCreate')}
              </Button>
            </div>
          )}
        </Field>
      </form>
    </div>
  );
}

export function AccessSettings({
  settings,
  status,
  save,
}: {
  settings: Settings;
  status: EngineStatus;
  save: SaveSettings;
}) {
  const { t } = useTranslation();
  const session = useEngine((state) => state.session);
  const { dashboard } = settings;
  const signOutAll = async (): Promise<void> => {
    const done = await act(t('settings.failed'), (client) => client.access.signOutAll());
    if (done) notify({ title: t('settings.signOutAllDone', { count: done.ended }) });
  };
  const signOutHere = async (): Promise<void> => {
    await signOut();
    reconnectNow();
    location.assign('/');
  };
  return (
    <SettingsSection id="access" title={t('settings.access')} hint={t('settings.accessHint')}>
      <div className="border-b border-line p-4 text-13">
        <span className="font-medium">{t('settings.here')}</span>{' '}
        <code className="font-mono text-muted">{status.dashboard.url}</code>
      </div>
      <Password passwordSet={dashboard.passwordSet} />
      <div className="border-b border-line p-4">
        <SettingLine
          label={t('settings.lan')}
          hint={dashboard.passwordSet ? t('settings.lanHint') : t('settings.lanNeedsPassword')}
          value={dashboard.lanAddress ?? ''}
          placeholder=":8687"
          disabled={!dashboard.passwordSet}
          onSave={(text) => save({ dashboard: { lanAddress: text === '' ? null : text } })}
        />
        {status.dashboard.lanUrl !== null && (
          <p className="font-mono text-13 [overflow-wrap:anywhere]">{status.dashboard.lanUrl}</p>
        )}
      </div>
      <Tokens />
      <div className="flex flex-wrap items-center gap-3 p-4">
        <Button onClick={() => void signOutAll()}>{t('settings.signOutAll')}</Button>
        {session && <Button onClick={() => void signOutHere()}>{t('settings.signOut')}</Button>}
        <span className="text-12 text-muted">{t('settings.signOutAllHint')}</span>
      </div>
    </SettingsSection>
  );
}
