import { type ReactNode, useId } from 'react';

export interface Choice<T extends string> {
  readonly value: T;
  readonly text: ReactNode;
  readonly hint?: ReactNode;
  /** At the right: a verdict, such as "proposed". */
  readonly aside?: ReactNode;
  readonly disabled?: boolean;
}

/** A few ways to go, each with a line on what it means; one of them is taken. */
export function Choices<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T | null;
  options: readonly Choice<T>[];
  onChange: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1 text-13 font-medium">{label}</legend>
      <div className="flex flex-col gap-1.5">
        {options.map((option, index) => (
          <label
            key={option.value}
            className={`relative flex items-start gap-2.5 rounded-s border border-line-strong px-3 py-2 has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-accent-text ${option.disabled ? 'bg-sunken' : 'cursor-pointer hover:bg-hover'}`}
          >
            <input
              type="radio"
              className="mt-[3px] size-3.5 shrink-0 accent-accent"
              name={name}
              value={option.value}
              checked={option.value === value}
              disabled={option.disabled}
              onChange={() => onChange(option.value)}
              aria-labelledby={`${name}-${index}`}
              aria-describedby={option.hint === undefined ? undefined : `${name}-${index}-hint`}
            />
            <span className="min-w-0 flex-1">
              <span id={`${name}-${index}`} className="flex flex-wrap items-center gap-x-2 text-14">
                <span className={option.disabled ? 'text-muted' : 'font-medium'}>{option.text}</span>
                {option.aside}
              </span>
              {option.hint !== undefined && (
                <span id={`${name}-${index}-hint`} className="block text-13 text-muted">
                  {option.hint}
                </span>
              )}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
