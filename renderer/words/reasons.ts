/** What the engine says in passing, as a part of a sentence or as one, by what it says in English. */
export type ReasonRules = readonly (readonly [pattern: RegExp, words: string])[];

let rules: ReasonRules = [];

/** Called when a language other than English has been loaded; an empty list goes back to English. */
export function setReasonRules(next: ReasonRules): void {
  rules = next;
}

/**
 * The same in the reader's language where it is the engine's own. What others have said (a CA, a DNS provider, the
 * system) stays as they said it.
 */
export function inReadersWords(text: string): string {
  for (const [pattern, words] of rules) {
    const match = pattern.exec(text);
    if (match) return words.replace(/\{\{(\w+)\}\}/g, (_, name: string) => match.groups?.[name] ?? '');
  }
  return text;
}
