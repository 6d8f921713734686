import type { BoundEntryPoint } from './entry-points.ts';
import type { RuntimeRouter } from './state.ts';

/** Addresses that open a router in a browser, HTTPS first. Entry points that only redirect are left out. */
export function urlsOf(router: RuntimeRouter, entryPoints: readonly BoundEntryPoint[]): string[] {
  const path = pathOf(router.rule);
  const urls: string[] = [];
  for (const tls of [true, false]) {
    for (const each of entryPoints) {
      if (each.bound === null || each.entryPoint.redirectTo !== null) continue;
      // A listener serves its routers with TLS and without, whichever it speaks by itself.
      if (!router.entryPoints.includes(each.entryPoint.name) || (router.tls || each.entryPoint.tls) !== tls) continue;
      for (const host of router.hosts) urls.push(`${originOf(tls, host, each.bound.port)}${path}`);
    }
  }
  return urls;
}

export function originOf(tls: boolean, host: string, port: number): string {
  const bracketed = host.includes(':') ? `[${host}]` : host;
  const implied = tls ? 443 : 80;
  return `${tls ? 'https' : 'http'}://${bracketed}${port === implied ? '' : `:${port}`}`;
}

/** The path that a link must have, where the rule asks for one path and leaves no choice. */
function pathOf(rule: string): string {
  if (rule.includes('||')) return '/';
  const paths = [...rule.matchAll(/(!\s*)?\bpath(?:prefix)?\(\s*[`"]([^`"]*)[`"]\s*\)/gi)];
  const [only] = paths;
  return paths.length === 1 && only?.[1] === undefined ? (only?.[2] ?? '/') : '/';
}
