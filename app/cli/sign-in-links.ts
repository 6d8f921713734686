import type { EngineStatus } from '../contract/objects.ts';

/** The one-time link as this machine opens it, and as others do where the dashboard listens on the local network. */
export function signInLinks(url: string, { lanUrl }: EngineStatus['dashboard']): string[] {
  if (lanUrl === null || url.startsWith(`${lanUrl}/`)) return [url];
  const { pathname, search } = new URL(url);
  return [url, new URL(`${pathname}${search}`, lanUrl).href];
}
