/**
 * Takes `HOST:PORT`, `:PORT` or `[IPV6]:PORT` apart. An empty host means every address.
 * Throws an Error with a readable message where it is none of these.
 */
export function parseListenAddress(address: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw new Error(`"${address}" is not HOST:PORT or :PORT`);
  return { host: match[1] ?? match[2] ?? '', port };
}

/** Whether only this machine itself can reach the host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
