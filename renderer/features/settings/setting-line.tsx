import { type SyntheticEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';

interface SettingLineProps {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly value: string;
  readonly disabled?: boolean;
  readonly placeholder?: string | undefined;
  /** What is wrong with a value; null where nothing is. */
  readonly check?: ((value: string) => string | null) | undefined;
  readonly onSave: (value: string) => Promise<boolean>;
}

/** One value with its own Save, which shows only when there is something to save. A new value from outside replaces it. */
export function SettingLine(props: SettingLineProps) {
  return <Line key={props.value} {...props} />;
}

function Line({ label, hint, value, disabled = false, placeholder, check, onSave }: SettingLineProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const [error, setError] = useState<string | null>(null);
  const [pending, setPending] = useState(false);
  const changed = text !== value;

  const submit = async (): Promise<void> => {
    const wrong = check?.(text.trim()) ?? null;
    setError(wrong);
    if (wrong !== null) return;
    setPending(true);
    await onSave(text.trim());
    setPending(false);
  };
  const onSubmit = (event: SyntheticEvent<HTMLFormElement, SubmitEvent>): void => {
    event.preventDefault();
    void submit();
  };
  return (
    <form onSubmit={onSubmit}>
      <Field label={label} hint={hint} error={error ?? undefined}>
        {(props) => (
          <div className="flex max-w-[560px] gap-2">
            <input
              {...props}
              value={text}
              disabled={disabled}
              placeholder={placeholder}
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
              onChange={(event) => {
                setText(event.target.value);
                setError(null);
              }}
              className={`${props.className} font-mono text-13`}
            />
            {changed && !disabled && (
              <>
                <Button type="submit" look="primary" className="h-9" disabled={pending}>
                  {t('common.save')}
                </Button>
                <Button className="h-9" onClick={() => setText(value)}>
                  {t('common.cancel')}
                </Button>
              </>
            )}
          </div>
        )}
      </Field>
    </form>
  );
}
