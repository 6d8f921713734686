/** The session cookie of one listener. Cookies do not keep to one port, so its name tells which Gatehouse it is of. */
export interface SessionCookie {
  readonly read: (header: string | undefined) => string | null;
  readonly write: (value: string, maxAgeSeconds: number) => string;
  readonly clear: () => string;
}

export function sessionCookie(port: number, secure: boolean): SessionCookie {
  // A `__Host-` cookie is accepted only over HTTPS, for this very host, with Path=/: nobody else can plant it.
  const name = `${secure ? '__Host-' : ''}gatehouse-${port}`;
  const write = (value: string, maxAgeSeconds: number): string =>
    `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
  return {
    read(header) {
      for (const pair of (header ?? '').split(';')) {
        const equals = pair.indexOf('=');
        if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
      }
      return null;
    },
    write,
    clear: () => write('', 0),
  };
}
