interface Named {
  /** Left out: HTTP. */
  readonly protocol?: 'tcp' | 'udp' | undefined;
  readonly name: string;
}

/** What tells a router, service or middleware from all others of its kind, in every protocol. */
export function viewKey({ protocol, name }: Named): string {
  return protocol === undefined ? name : `${protocol} ${name}`;
}
