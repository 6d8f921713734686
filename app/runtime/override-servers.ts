import { parseServerAddress } from '../../proxy/stream/address.ts';
import { isDockerProvider } from '../contract/docker-name.ts';
import type { ServerEdit } from '../contract/objects.ts';

/** A server as labels or files say it, and what is edited of it. */
export interface MatchedServer {
  readonly server: string;
  /** With addresses as they are now; undefined: it is as labels or files have it. */
  readonly edit: ServerEdit | undefined;
}

/**
 * Finds the servers that edits speak of. Containers get new addresses whenever they are made anew, so a server that is
 * not found by its address is the one at the same place of an equally long list; and an edit of the only container of a
 * service holds for all that come to stand beside it.
 */
export function matchServers(
  servers: readonly string[],
  edits: readonly ServerEdit[],
  seen: readonly string[],
  provider: string,
): readonly MatchedServer[] {
  const lost = edits.filter(({ server }) => !servers.includes(server));
  const isOneApp = seen.length === 1 && isDockerProvider(provider);
  return servers.map((server, place) => {
    const exact = edits.find((edit) => edit.server === server);
    const samePlace = servers.length === seen.length ? lost.find((edit) => edit.server === seen[place]) : undefined;
    const only = isOneApp ? edits.find((edit) => edit.server === seen[0]) : undefined;
    const edit = exact ?? samePlace ?? only;
    if (edit === undefined) return { server, edit };
    const address = edit.address === null ? null : followedAddress(edit.server, edit.address, server);
    return { server, edit: { ...edit, server, address } };
  });
}

/**
 * Whether labels or files have moved on under the edits. That a container has a new address is no news; that a server of
 * a file has one, or is gone, is.
 */
export function haveServersChanged(
  servers: readonly string[],
  edits: readonly ServerEdit[],
  seen: readonly string[],
  provider: string,
): boolean {
  const lost = edits.filter(({ server }) => !servers.includes(server));
  if (lost.length === 0) return false;
  if (!isDockerProvider(provider)) return true;
  return servers.length !== seen.length && seen.length !== 1;
}

/** An address that was edited from another one: what was not edited of it follows the server to where it is now. */
function followedAddress(from: string, to: string, now: string): string {
  if (from === now) return to;
  const [was, wanted, is] = [from, to, now].map(partsOf);
  if (!was || !wanted || !is) return to;
  const pick = <K extends keyof Parts>(part: K): Parts[K] => (was[part] === wanted[part] ? is[part] : wanted[part]);
  const [scheme, host, port, path] = [pick('scheme'), pick('host'), pick('port'), pick('path')];
  return `${scheme === '' ? '' : `${scheme}//`}${host}${port === '' ? '' : `:${port}`}${path}`;
}

interface Parts {
  /** With its colon; empty for a server that is not HTTP's. */
  readonly scheme: string;
  /** IPv6 in brackets. */
  readonly host: string;
  readonly port: string;
  readonly path: string;
}

function partsOf(text: string): Parts | null {
  if (!text.includes('://')) {
    const address = parseServerAddress(text);
    if (address === null) return null;
    const host = address.host.includes(':') ? `[${address.host}]` : address.host;
    return { scheme: '', host, port: String(address.port), path: '' };
  }
  const url = URL.parse(text);
  if (url === null) return null;
  return {
    scheme: url.protocol,
    host: url.hostname,
    port: url.port,
    path: `${url.pathname === '/' ? '' : url.pathname}${url.search}`,
  };
}
