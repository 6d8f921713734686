const scheme = /^unix:(?:\/\/)?(?=\/)/i;
const schemeWithPath = /^http\+unix:\/\/([^/?#]+)/i;

/** The path of the Unix socket that a server's address names, as `unix:/PATH`; null where it names none. */
export function socketPathOf(url: string): string | null {
  const encoded = schemeWithPath.exec(url)?.[1];
  if (encoded !== undefined) return decoded(encoded);
  return scheme.test(url) ? url.replace(scheme, '') : null;
}

/** An address that names a socket in the form in which a path can follow; others as they are. */
export function withRoomForPath(url: string): string {
  const socketPath = scheme.test(url) ? socketPathOf(url) : null;
  return socketPath === null ? url : `http+unix://${encodeURIComponent(socketPath)}/`;
}

function decoded(text: string): string | null {
  try {
    const socketPath = decodeURIComponent(text);
    return socketPath.startsWith('/') ? socketPath : null;
  } catch {
    return null;
  }
}
