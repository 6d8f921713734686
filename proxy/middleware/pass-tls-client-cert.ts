import { X509Certificate } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import type { MiddlewareDefinition } from './definition.ts';
import { queryEscape } from './go-url.ts';
import { fieldRemover } from './header-aliases.ts';
import { says } from './verdict.ts';

const issuerSchema = z.strictObject({
  country: z.boolean().optional(),
  province: z.boolean().optional(),
  locality: z.boolean().optional(),
  organization: z.boolean().optional(),
  commonName: z.boolean().optional(),
  serialNumber: z.boolean().optional(),
  domainComponent: z.boolean().optional(),
});

const subjectSchema = z.strictObject({ ...issuerSchema.shape, organizationalUnit: z.boolean().optional() });

const schema = z.strictObject({
  pem: z.boolean().optional(),
  info: z
    .strictObject({
      notAfter: z.boolean().optional(),
      notBefore: z.boolean().optional(),
      sans: z.boolean().optional(),
      serialNumber: z.boolean().optional(),
      subject: subjectSchema.optional(),
      issuer: issuerSchema.optional(),
    })
    .optional(),
});
type Config = z.infer<typeof schema>;
type Info = NonNullable<Config['info']>;

const pemHeader = 'X-Forwarded-Tls-Client-Cert';
const infoHeader = 'X-Forwarded-Tls-Client-Cert-Info';

export const passTLSClientCert: MiddlewareDefinition<Config> = {
  type: 'passTLSClientCert',
  summary: 'Tells the server which certificate the visitor proved itself by.',
  schema,
  build(config, context) {
    const remove = fieldRemover(context);
    return (next) => (exchange) => {
      const { headers, tls } = exchange.request;
      const certificates = tls?.clientCertificates ?? [];
      if (certificates.length > 0) {
        if (config.pem) {
          remove(headers, pemHeader);
          headers.append(pemHeader, certificates.map((der) => Buffer.from(der).toString('base64')).join(','));
        }
        if (config.info) {
          const { info } = config;
          remove(headers, infoHeader);
          const parts = certificates.map((der) => describe(new X509Certificate(der), info));
          headers.append(infoHeader, queryEscape(parts.join(',')));
        }
      }
      return next(exchange);
    };
  },
  explain: (_config, request) =>
    says('passes', request.tls?.clientCertificates === undefined ? 'CERTIFICATE_NONE' : 'CERTIFICATE_TOLD'),
};

/** Names of parts as OpenSSL and Traefik write them, in Traefik's order. */
const parts = [
  ['domainComponent', 'DC', 'DC'],
  ['country', 'C', 'C'],
  ['province', 'ST', 'ST'],
  ['locality', 'L', 'L'],
  ['organization', 'O', 'O'],
  ['organizationalUnit', 'OU', 'OU'],
  ['serialNumber', 'serialNumber', 'SN'],
  ['commonName', 'CN', 'CN'],
] as const;

type Name = Readonly<Record<string, string | readonly string[] | undefined>>;

function describe(certificate: X509Certificate, info: Info): string {
  const { subject, issuer } = certificate.toLegacyObject() as { subject?: Name; issuer?: Name };
  const fields: (readonly [string, string])[] = [
    ['Subject', describeName(subject ?? {}, info.subject)],
    ['Issuer', describeName(issuer ?? {}, info.issuer)],
    ['SerialNumber', info.serialNumber ? BigInt(`0x${certificate.serialNumber}`).toString() : ''],
    ['NB', info.notBefore ? seconds(certificate.validFrom) : ''],
    ['NA', info.notAfter ? seconds(certificate.validTo) : ''],
    ['SAN', info.sans ? alternativeNames(certificate).join(',') : ''],
  ];
  return fields.flatMap(([name, value]) => (value === '' ? [] : [`${name}="${value}"`])).join(';');
}

function describeName(name: Name, wanted: Info['subject']): string {
  return parts
    .flatMap(([option, key, shown]) => {
      if (!wanted?.[option]) return [];
      const values = name[key] ?? [];
      const list = typeof values === 'string' ? [values] : values;
      // Of these Go's parser keeps only the last.
      const kept = option === 'commonName' || option === 'serialNumber' ? list.slice(-1) : list;
      return kept.filter((value) => value !== '').map((value) => `${shown}=${value}`);
    })
    .join(',');
}

function seconds(date: string): string {
  return String(Math.floor(Date.parse(date) / 1000));
}

const kinds = ['DNS', 'email', 'IP Address', 'URI'];

/** Names that the certificate speaks for: hosts, then mail addresses, IP addresses, and URIs. */
function alternativeNames({ subjectAltName }: X509Certificate): string[] {
  const found = [...(subjectAltName ?? '').matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)];
  return kinds.flatMap((kind) =>
    found
      .filter((match) => match[1] === kind)
      .map((match) => {
        const value = match[2] ?? '';
        // Node quotes values that hold what would separate them.
        const plain = value.startsWith('"') ? String(JSON.parse(value)) : value;
        return kind === 'IP Address' && ipaddr.isValid(plain) ? ipaddr.parse(plain).toString() : plain;
      }),
  );
}
