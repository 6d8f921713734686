import type { HeaderList } from './header-list.ts';

/**
 * Those trailers (`[name, value, name, value]`) that no field of the head can be taken for: what middlewares have set,
 * replaced or taken away by now is not the client's to add afterwards, whenever its trailers came (CVE-2026-88004).
 */
export function trailersBeside(headers: HeaderList, trailers: readonly string[]): readonly string[] {
  if (trailers.length === 0) return trailers;
  const kept: string[] = [];
  for (let i = 0; i < trailers.length; i += 2) {
    const name = (trailers[i] as string).toLowerCase();
    if (headers.has(name) || headers.removals?.some((removes) => removes(name))) continue;
    kept.push(trailers[i] as string, trailers[i + 1] as string);
  }
  return kept;
}
