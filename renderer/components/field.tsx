import { type ComponentProps, type ReactNode, useId } from 'react';

const control =
  'h-9 w-full min-w-0 rounded-s border border-line-strong bg-surface px-2.5 text-14 text-text placeholder:text-muted ' +
  'disabled:bg-sunken disabled:text-muted aria-invalid:border-broken';

/** A labelled control with a hint below and, where there is one, what is wrong with it. */
export function Field({
  label,
  hint,
  error,
  children,
}: {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  children: (props: {
    id: string;
    'aria-describedby': string;
    'aria-invalid': boolean;
    className: string;
  }) => ReactNode;
}) {
  const id = useId();
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="mb-1 block text-13 font-medium">
        {label}
      </label>
      {children({ id, 'aria-describedby': `${id}-hint`, 'aria-invalid': error !== undefined, className: control })}
      <div id={`${id}-hint`} className="mt-1 min-h-4 text-12 text-muted">
        {error ? <span className="text-broken">{error}</span> : hint}
      </div>
    </div>
  );
}

export function TextInput({ label, className = '', ...props }: ComponentProps<'input'> & { label: string }) {
  return <input aria-label={label} {...props} className={`${control} ${className}`} />;
}

export function Select({ label, className = '', ...props }: ComponentProps<'select'> & { label: string }) {
  return <select aria-label={label} {...props} className={`${control} pr-1 ${className}`} />;
}

/** A few choices side by side, one of them taken. */
export function Segmented<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: readonly { readonly value: T; readonly text: string }[];
  onChange: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset className="inline-flex max-w-full rounded-s border border-line-strong bg-sunken p-0.5">
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <label
          key={option.value}
          className="relative cursor-pointer rounded-[4px] px-2.5 py-0.5 text-13 text-muted select-none has-checked:bg-surface has-checked:text-text has-checked:shadow-[0_0_0_1px_var(--line-strong)] has-focus-visible:outline-2 has-focus-visible:outline-accent-text"
        >
          <input
            type="radio"
            className="sr-only"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.text}
        </label>
      ))}
    </fieldset>
  );
}
