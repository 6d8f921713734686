import { defaultTlsOptions, type TlsOptionsSnapshot } from '../../proxy/model/tls.ts';
import type { RouterView } from '../contract/objects.ts';

type TlsSettings = NonNullable<RouterView['tlsSettings']>;

/** TLS options by qualified name; the default ones are `default`, and may be left out. */
export type TlsOptionsByName = Readonly<Record<string, TlsOptionsSnapshot>>;

interface RouterTls {
  readonly passthrough?: boolean | undefined;
  readonly certResolver?: string | undefined;
  readonly domains?: readonly { readonly main: string; readonly sans?: readonly string[] | undefined }[] | undefined;
}

/** How the connections of a router are encrypted, as clients see it. `names`: of the options that it asks for. */
export function tlsSettingsView(
  { passthrough = false, certResolver = '', domains = [] }: RouterTls,
  names: readonly string[],
  options: TlsOptionsByName,
): TlsSettings {
  return {
    passthrough,
    options: passthrough ? [] : names.flatMap((name) => optionsView(name, options)),
    resolver: certResolver === '' ? null : certResolver,
    domains: domains.flatMap(({ main, sans = [] }) => [main, ...sans]),
  };
}

/** Nothing for options that do not exist: the router's problems say so. */
function optionsView(name: string, options: TlsOptionsByName): TlsSettings['options'] {
  const found = options[name] ?? (name === 'default' ? defaultTlsOptions : undefined);
  if (found === undefined) return [];
  const { minVersion, maxVersion, ciphers, curves, alpn, sniStrict, clientAuth } = found;
  return [
    {
      name,
      minVersion,
      maxVersion,
      ciphers: ciphers === null ? [] : ciphers.split(':'),
      curves: curves === null ? [] : curves.split(':'),
      alpn: [...alpn],
      sniStrict,
      clientAuth: clientAuth?.type ?? null,
    },
  ];
}
