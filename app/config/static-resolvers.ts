import { durationMs } from '../../proxy/model/duration.ts';
import {
  type AcmeResolver,
  type Challenge,
  defaultConnection,
  defaultDirectoryUrl,
  keyTypeOf,
} from '../certificates/acme/resolver.ts';
import { certificateKeyTypes } from '../contract/certificates.ts';
import { dnsProviders } from '../dns/table.ts';
import { nearestName } from './nearest.ts';
import { defaultStaticConfiguration } from './static.ts';
import type { Report } from './static-entry-points.ts';
import type { AcmeInput, StaticInput } from './static-schema.ts';

/** Traefik's default; certificates of other lengths are asked for only where another number stands there. */
const usualHours = 2160;

/** Certificate resolvers by their meaning here. What cannot be used is reported, and left out. */
export function resolversOf(
  inputs: NonNullable<StaticInput['certificatesResolvers']>,
  /** Names of those that are given beside them; none where the usual ones hold. */
  entryPoints: readonly string[],
  report: Report,
): readonly AcmeResolver[] {
  const resolvers: AcmeResolver[] = [];
  for (const [name, { acme, tailscale }] of Object.entries(inputs)) {
    const at = ['certificatesResolvers', name];
    if (acme === undefined && tailscale === undefined) {
      report(at, 'error', `certificatesResolvers.${name} says nothing. Give it acme with a challenge.`);
    }
    const resolver = acme ? resolverOf(name, acme, report) : null;
    if (!resolver) continue;
    resolvers.push(resolver);
    const wanted = resolver.challenge.type === 'http-01' ? resolver.challenge.entryPoint : null;
    const known =
      entryPoints.length > 0 ? entryPoints : defaultStaticConfiguration.entryPoints.map((each) => each.name);
    if (wanted !== null && !known.includes(wanted)) {
      const message = `certificatesResolvers.${name}.acme.httpChallenge.entryPoint: there is no entry point "${wanted}".`;
      report([...at, 'acme', 'httpChallenge', 'entryPoint'], 'error', message, nearestName(wanted, known));
    }
  }
  return resolvers;
}

function resolverOf(name: string, acme: AcmeInput, report: Report): AcmeResolver | null {
  const at = ['certificatesResolvers', name, 'acme'];
  const where = at.join('.');
  const directoryUrl = acme.caServer === undefined || acme.caServer === '' ? defaultDirectoryUrl : acme.caServer;
  if (!/^https?:$/.test(URL.canParse(directoryUrl) ? new URL(directoryUrl).protocol : '')) {
    const message = `${where}.caServer must be the address of a CA's directory such as ${defaultDirectoryUrl}, not "${directoryUrl}".`;
    report([...at, 'caServer'], 'error', message);
  }
  const keyType = keyTypeOf(acme.keyType === undefined || acme.keyType === '' ? 'RSA4096' : acme.keyType);
  if (keyType === undefined) {
    const message = `${where}.keyType is one of ${certificateKeyTypes.join(', ')}; not "${acme.keyType ?? ''}".`;
    report([...at, 'keyType'], 'error', message);
  }
  if (acme.eab && (!acme.eab.kid || !acme.eab.hmacEncoded)) {
    report([...at, 'eab'], 'error', `${where}.eab needs both kid and hmacEncoded.`);
  }
  const challenge = challengeOf(acme, at, report);
  if (keyType === undefined || challenge === null) return null;
  const hours = acme.certificatesDuration ?? usualHours;
  return {
    name,
    source: 'static',
    directoryUrl,
    email: acme.email ?? '',
    keyType,
    preferredChain: textOrNull(acme.preferredChain),
    profile: textOrNull(acme.profile),
    emailAddresses: acme.emailAddresses ?? [],
    withCommonName: acme.disableCommonName !== true,
    eab: acme.eab?.kid && acme.eab.hmacEncoded ? { kid: acme.eab.kid, hmac: acme.eab.hmacEncoded } : null,
    lifetimeMs: hours === usualHours ? null : hours * 3_600_000,
    challenge,
    connection: {
      caCertificates: acme.caCertificates ?? [],
      // As in Traefik (lego): one's own authorities stand alone unless the system's are asked for.
      systemAuthorities: (acme.caCertificates ?? []).length === 0 || (acme.caSystemCertPool ?? false),
      serverName: textOrNull(acme.caServerName),
      timeoutMs: durationMs(acme.clientTimeout, defaultConnection.timeoutMs),
      responseHeaderTimeoutMs: durationMs(acme.clientResponseHeaderTimeout, defaultConnection.responseHeaderTimeoutMs),
      certificateTimeoutMs: durationMs(acme.certificateTimeout, defaultConnection.certificateTimeoutMs),
    },
  };
}

function textOrNull(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}

/** As in Traefik, DNS goes before HTTP and HTTP before TLS where several are given. */
function challengeOf(acme: AcmeInput, at: readonly string[], report: Report): Challenge | null {
  const where = at.join('.');
  const { dnsChallenge: dns, httpChallenge: http, tlsChallenge: tls } = acme;
  const given = [dns && 'dnsChallenge', http && 'httpChallenge', tls && 'tlsChallenge'].filter(
    (each) => each !== undefined,
  );
  if (given.length > 1) {
    report(at, 'warning', `${where} has ${given.join(' and ')}; ${String(given[0])} is the one that is used.`);
  }
  if (dns) {
    if (!dns.provider) {
      report([...at, 'dnsChallenge', 'provider'], 'error', `${where}.dnsChallenge.provider is missing.`);
      return null;
    }
    if (!Object.hasOwn(dnsProviders, dns.provider)) {
      const message = `${where}.dnsChallenge.provider: Gatehouse knows no DNS provider "${dns.provider}", so its certificates cannot be had.`;
      const nearest = nearestName(dns.provider, Object.keys(dnsProviders));
      report([...at, 'dnsChallenge', 'provider'], 'warning', message, nearest);
    }
    const { propagation = {} } = dns;
    return {
      type: 'dns-01',
      provider: dns.provider,
      resolvers: dns.resolvers ?? [],
      delayBeforeChecksMs: durationMs(propagation.delayBeforeChecks ?? dns.delayBeforeCheck, 0),
      checks: {
        enabled: !(propagation.disableChecks ?? dns.disablePropagationCheck ?? false),
        authoritative: !(propagation.disableANSChecks ?? false),
        recursive: propagation.requireAllRNS ?? false,
      },
    };
  }
  if (http) {
    return { type: 'http-01', entryPoint: textOrNull(http.entryPoint), delayMs: durationMs(http.delay, 0) };
  }
  if (tls) return { type: 'tls-alpn-01', delayMs: durationMs(tls.delay, 0) };
  // Traefik starts without the resolver, too.
  report(
    at,
    'warning',
    `${where} has no challenge, so it cannot prove that a domain is yours, and the internal CA serves. Give it httpChallenge, tlsChallenge or dnsChallenge.`,
  );
  return null;
}
