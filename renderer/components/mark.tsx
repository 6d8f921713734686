/** The gatehouse arch with its lamp: lit when all is well and open. */
export function Mark({ lit }: { lit: boolean }) {
  return (
    <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden className="shrink-0">
      <path d="M3 29V8h3V5h4v3h3V5h6v3h3V5h4v3h3v21h-8v-8a5 5 0 0 0-10 0v8z" fill="var(--text-soft)" />
      <circle cx="16" cy="13" r="2.6" fill={lit ? 'var(--accent)' : 'var(--ground)'} />
    </svg>
  );
}
