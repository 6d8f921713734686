import type { RouterView } from '../app/contract/objects.ts';

/** An app that answers, as the tray lists it. */
export interface OpenApp {
  readonly host: string;
  readonly url: string;
}

/** One line for each address that people open, by name; Gatehouse's own routers are not apps. */
export function openApps(routers: readonly RouterView[]): OpenApp[] {
  const byUrl = new Map<string, OpenApp>();
  for (const router of routers) {
    if (router.provider === 'internal' || router.status === 'disabled') continue;
    for (const url of router.urls) {
      if (URL.canParse(url) && !byUrl.has(url)) byUrl.set(url, { host: new URL(url).host, url });
    }
  }
  return preferSecure([...byUrl.values()]).toSorted((a, b) => a.host.localeCompare(b.host));
}

/** An app that is open on HTTP and HTTPS is listed once. */
function preferSecure(apps: readonly OpenApp[]): OpenApp[] {
  const hostName = (app: OpenApp): string => new URL(app.url).hostname;
  const secure = new Set(apps.filter((app) => app.url.startsWith('https:')).map(hostName));
  return apps.filter((app) => app.url.startsWith('https:') || !secure.has(hostName(app)));
}
