import type { ReactNode } from 'react';

export function SettingsSection({
  id,
  title,
  hint,
  children,
}: {
  id: string;
  title: string;
  hint?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section id={id} aria-labelledby={`${id}-title`} className="scroll-mt-4">
      <h2 id={`${id}-title`} className="text-16 font-semibold">
        {title}
      </h2>
      {hint !== undefined && <p className="text-13 text-muted">{hint}</p>}
      <div className="mt-3 rounded border border-line bg-surface">{children}</div>
    </section>
  );
}
