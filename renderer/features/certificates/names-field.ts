/** Names as a person types them: with commas or spaces between, maybe whole addresses, in any case. */
export function namesIn(text: string): readonly string[] {
  const names = text
    .split(/[\s,;]+/)
    .map((each) =>
      each
        .trim()
        .toLowerCase()
        .replace(/^https?:\/\//, '')
        .replace(/[/?#].*$/, '')
        .replace(/\.$/, ''),
    )
    .filter((each) => each !== '');
  return [...new Set(names)];
}

/** The first that can be no name; null where all can. Letters of other scripts are taken: the engine converts them. */
export function firstInvalid(names: readonly string[]): string | null {
  const label = '[\\p{L}\\p{N}_](?:[\\p{L}\\p{M}\\p{N}_-]{0,61}[\\p{L}\\p{M}\\p{N}_])?';
  const host = new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})*$`, 'u');
  const address = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]*)$/;
  return names.find((name) => name.length > 253 || !(host.test(name) || address.test(name))) ?? null;
}
