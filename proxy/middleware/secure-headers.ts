import type { ProxyRequest } from '../http/exchange.ts';
import type { HeaderList } from '../http/header-list.ts';
import { checkValue } from './header-aliases.ts';

export interface SecureHeadersConfig {
  readonly allowedHosts?: readonly string[] | undefined;
  readonly hostsProxyHeaders?: readonly string[] | undefined;
  readonly sslProxyHeaders?: Readonly<Record<string, string>> | undefined;
  readonly stsSeconds?: number | undefined;
  readonly stsIncludeSubdomains?: boolean | undefined;
  readonly stsPreload?: boolean | undefined;
  readonly forceSTSHeader?: boolean | undefined;
  readonly frameDeny?: boolean | undefined;
  readonly customFrameOptionsValue?: string | undefined;
  readonly contentTypeNosniff?: boolean | undefined;
  readonly browserXssFilter?: boolean | undefined;
  readonly customBrowserXSSValue?: string | undefined;
  readonly contentSecurityPolicy?: string | undefined;
  readonly contentSecurityPolicyReportOnly?: string | undefined;
  readonly publicKey?: string | undefined;
  readonly referrerPolicy?: string | undefined;
  readonly permissionsPolicy?: string | undefined;
  readonly isDevelopment?: boolean | undefined;
}

export interface SecureHeaders {
  readonly changesAnswers: boolean;
  allowsHost(request: ProxyRequest): boolean;
  apply(request: ProxyRequest, headers: HeaderList): void;
}

/** Fields that harden an answer, and the hosts that are answered at all. */
export function createSecureHeaders(config: SecureHeadersConfig): SecureHeaders {
  const always = constantFields(config);
  const overTls = tlsFields(config);
  const sslProxyHeaders = Object.entries(config.sslProxyHeaders ?? {});
  const hosts = new Set((config.allowedHosts ?? []).map((host) => host.toLowerCase()));
  const hostsProxyHeaders = config.hostsProxyHeaders ?? [];
  for (const [name, value] of [...always, ...overTls]) checkValue(name, value);

  function isTls(request: ProxyRequest): boolean {
    return request.scheme === 'https' || sslProxyHeaders.some(([name, value]) => request.headers.get(name) === value);
  }

  return {
    changesAnswers: always.length > 0 || overTls.length > 0,
    allowsHost(request) {
      if (hosts.size === 0 || config.isDevelopment) return true;
      const told = hostsProxyHeaders.map((name) => request.headers.get(name)).find(Boolean);
      const host = (told ?? request.authority).toLowerCase();
      // A host allowed without a port is allowed on every port: the public port is not always 443.
      return hosts.has(host) || hosts.has(host.replace(/:\d+$/, ''));
    },
    apply(request, headers) {
      for (const [name, value] of always) headers.set(name, value);
      if (overTls.length === 0 || config.isDevelopment) return;
      const secure = isTls(request);
      for (const [name, value, forced] of overTls) if (secure || forced) headers.set(name, value);
    },
  };
}

function constantFields(config: SecureHeadersConfig): (readonly [string, string])[] {
  const fields: (readonly [string, string | undefined])[] = [
    ['X-Frame-Options', config.customFrameOptionsValue || (config.frameDeny ? 'DENY' : '')],
    ['X-Content-Type-Options', config.contentTypeNosniff ? 'nosniff' : ''],
    ['X-XSS-Protection', config.customBrowserXSSValue || (config.browserXssFilter ? '1; mode=block' : '')],
    ['Content-Security-Policy', config.contentSecurityPolicy],
    ['Content-Security-Policy-Report-Only', config.contentSecurityPolicyReportOnly],
    ['Referrer-Policy', config.referrerPolicy],
    ['Permissions-Policy', config.permissionsPolicy],
  ];
  return fields.flatMap(([name, value]) => (value ? [[name, value] as const] : []));
}

/** Fields that mean something only over TLS; the third part says whether one is sent regardless. */
function tlsFields(config: SecureHeadersConfig): (readonly [string, string, boolean])[] {
  const fields: (readonly [string, string, boolean])[] = [];
  if (config.stsSeconds) {
    const subdomains = config.stsIncludeSubdomains ? '; includeSubDomains' : '';
    const preload = config.stsPreload ? '; preload' : '';
    const value = `max-age=${config.stsSeconds}${subdomains}${preload}`;
    fields.push(['Strict-Transport-Security', value, config.forceSTSHeader === true]);
  }
  if (config.publicKey) fields.push(['Public-Key-Pins', config.publicKey, false]);
  return fields;
}
