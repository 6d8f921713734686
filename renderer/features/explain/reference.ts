/** The reference of a request in what was typed or copied: 16 characters by themselves; null where there is none. */
export function referenceIn(text: string): string | null {
  return /(?:^|[^0-9a-z])([0-9a-v]{16})(?:[^0-9a-z]|$)/.exec(text.toLowerCase())?.[1] ?? null;
}
