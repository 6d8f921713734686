import { hostname, networkInterfaces } from 'node:os';

const keptMs = 10_000;

/**
 * Names under which this machine may be asked for its dashboard. A page that has pointed its own name at our address
 * (DNS rebinding) comes with that name in Host and is turned away.
 */
export function createAllowedHosts(
  configured: readonly string[],
  now: () => number,
): (host: string, lan: boolean) => boolean {
  const always = new Set(['127.0.0.1', 'localhost', '::1', ...configured.map((host) => host.toLowerCase())]);
  let own: ReadonlySet<string> = new Set();
  let readAt = Number.NEGATIVE_INFINITY;
  return (host, lan) => {
    if (always.has(host)) return true;
    if (!lan) return false;
    // Addresses come and go (Wi-Fi, VPN); asking the system for each request would be wasteful.
    if (now() - readAt > keptMs) {
      own = new Set(ownNames());
      readAt = now();
    }
    return own.has(host);
  };
}

/** This machine's addresses on its networks and its names there. */
export function ownNames(): string[] {
  const name = hostname().toLowerCase();
  const short = name.split('.')[0] ?? name;
  return [...new Set([...lanAddresses(), name, short, `${short}.local`])];
}

/** Addresses that others can reach, the likeliest first: of real networks before those of containers, IPv4 before IPv6. */
export function lanAddresses(): string[] {
  const found = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).map((address) => ({
      ...address,
      virtual: /^(?:docker|br-|veth|virbr|vmnet|cni|podman|tun|tap)/.test(name),
    })),
  );
  return found
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .toSorted((a, b) => Number(a.virtual) - Number(b.virtual) || a.family.localeCompare(b.family))
    .map(({ address }) => address.toLowerCase());
}

/** The host of a Host header: lower case, without port, brackets and trailing dot. Null where it is malformed. */
export function hostOf(header: string | undefined): string | null {
  if (header === undefined) return null;
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header);
  const host = match?.[1] ?? match?.[2];
  return host === undefined ? null : host.toLowerCase().replace(/\.$/, '');
}
