import { readFileSync } from 'node:fs';
import type { ClientTls } from '../config/static.ts';

/** CA, certificate and key of a TLS client; each is PEM, or the path of a file that holds it. Throws Node's error. */
export function clientTlsFiles({ ca, cert, key }: ClientTls): { ca?: string; cert?: string; key?: string } {
  return { ...pem('ca', ca), ...pem('cert', cert), ...pem('key', key) };
}

function pem<Name extends string>(name: Name, value: string | undefined): Partial<Record<Name, string>> {
  if (value === undefined || value === '') return {};
  const text = value.trimStart().startsWith('-----BEGIN') ? value : readFileSync(value, 'utf8');
  return { [name]: text } as Record<Name, string>;
}
