import { z } from 'zod';
import * as c from './certificates.ts';
import { idInput, nothing, operation } from './operation.ts';

const names = z.array(z.string().min(1).max(253)).min(1).max(100);
/** A chain or an acme.json of a few thousand certificates. */
const text = z.string().max(32 * 1024 * 1024);
const pem = z
  .string()
  .min(1)
  .max(1024 * 1024);
/** By the keys of the provider's fields. They go in, and never come out. */
const credentials = z.record(z.string(), z.string().max(16_384));
const changedCertificate = z.object({ certificate: c.certificateViewSchema });

const resolverFields = {
  /** Optional for some CAs, and asked for by none of them to be true; the CA writes to it when something ends. */
  email: z.string().max(320),
  /** A code of `knownAuthorities`, or a directory's address. */
  ca: z.string().min(1).max(2048).optional(),
  /** Authorities to trust the CA's own address by, PEM: for a CA at home. */
  caCertificates: z.string().max(262_144).optional(),
  challenge: z.enum(c.challengeTypes),
  entryPoint: z.string().optional(),
  dnsProvider: z.string().optional(),
  /** Left out: those that are kept, else those of the environment. */
  credentials: credentials.optional(),
  keyType: z.enum(c.certificateKeyTypes).optional(),
  profile: z.string().max(100).optional(),
  /** What some CAs want once, for an account. Left out: what is kept. */
  eab: z.strictObject({ kid: z.string().min(1).max(1024), hmac: z.string().min(1).max(4096) }).optional(),
};

/** Certificates, how they are had, and DNS providers. */
export const certificateOperations = {
  certificates: {
    list: operation
      .route({ method: 'GET', path: '/certificates' })
      .input(nothing)
      .output(z.array(c.certificateViewSchema)),
    get: operation
      .route({ method: 'GET', path: '/certificates/{id}' })
      .input(idInput)
      .output(c.certificateDetailSchema),
    /** Which way can succeed for these names, and why. Looks at DNS and at our own ports; asks nothing of a CA. */
    propose: operation
      .route({ method: 'POST', path: '/certificates/propose' })
      .input(z.strictObject({ names, ca: z.string().optional() }))
      .output(c.certificateProposalSchema),
    /**
     * Answers as soon as the order is kept; its steps come as events. `how` makes the resolver that is missing, or
     * changes the one of that name.
     */
    add: operation
      .route({ method: 'POST', path: '/certificates' })
      .input(
        z.strictObject({
          names,
          resolver: z.string().min(1).max(100).optional(),
          how: z.strictObject({ ...resolverFields, name: z.string().min(1).max(100).optional() }).optional(),
        }),
      )
      .output(changedCertificate),
    /** Orders anew now, whatever is left of it; also ends the pause after a failure. */
    renew: operation
      .route({ method: 'POST', path: '/certificates/{id}/renew' })
      .input(idInput)
      .output(changedCertificate),
    /** Cannot be undone. A new one is ordered where routers use it. */
    revoke: operation
      .route({ method: 'POST', path: '/certificates/{id}/revoke' })
      .input(
        z.strictObject({
          id: z.string().min(1),
          reason: z.enum(['unspecified', 'keyCompromise', 'superseded', 'cessationOfOperation']).optional(),
        }),
      )
      .output(changedCertificate),
    /** Forgets it and its key; one that a router asks for is ordered again at once. Cannot be undone. */
    remove: operation.route({ method: 'DELETE', path: '/certificates/{id}' }).input(idInput).output(z.object({})),
    /** Brings a certificate from elsewhere. With `id`: in place of that one, for whose names it must be good. */
    upload: operation
      .route({ method: 'POST', path: '/certificates/upload' })
      .input(z.strictObject({ id: z.string().min(1).optional(), certificatePem: pem, privateKeyPem: pem }))
      .output(changedCertificate),
    /** `chain`: without the key. The other two hold the key, and are refused to API tokens. */
    download: operation
      .route({ method: 'POST', path: '/certificates/{id}/download' })
      .input(
        z.strictObject({
          id: z.string().min(1),
          format: z.enum(['chain', 'key', 'pfx']),
          /** Of `pfx`. */
          passphrase: z.string().min(1).max(1024).optional(),
        }),
      )
      .output(c.downloadSchema),
    /**
     * From Traefik (its acme.json), certbot (/etc/letsencrypt) or Nginx Proxy Manager (its data folder, with
     * letsencrypt and custom_ssl): a path on the engine's machine, or the files themselves.
     */
    import: operation
      .route({ method: 'POST', path: '/certificates/import' })
      .input(
        z.strictObject({
          from: z.enum(['traefik', 'certbot', 'nginx-proxy-manager']),
          path: z.string().min(1).max(4096).optional(),
          files: z
            .array(z.strictObject({ path: z.string().min(1).max(4096), content: text }))
            .max(20_000)
            .optional(),
        }),
      )
      .output(c.importReportSchema),
  },

  resolvers: {
    list: operation.route({ method: 'GET', path: '/resolvers' }).input(nothing).output(z.array(c.resolverViewSchema)),
    /** Makes or changes one of the dashboard's; one of the static configuration is changed there. */
    set: operation
      .route({ method: 'POST', path: '/resolvers' })
      .input(z.strictObject({ name: z.string().min(1).max(100), ...resolverFields }))
      .output(c.resolverViewSchema),
    remove: operation
      .route({ method: 'DELETE', path: '/resolvers/{name}' })
      .input(z.strictObject({ name: z.string().min(1) }))
      .output(z.object({})),
    /** Asks the CA for its directory and the DNS provider for its zones; changes nothing. */
    check: operation
      .route({ method: 'POST', path: '/resolvers/{name}/check' })
      .input(z.strictObject({ name: z.string().min(1) }))
      .output(c.checkResultSchema),
  },

  dnsProviders: {
    list: operation
      .route({ method: 'GET', path: '/dns-providers' })
      .input(nothing)
      .output(z.array(c.dnsProviderViewSchema)),
    /** Whether the credentials work; with a domain, a test record is made and taken away again. */
    check: operation
      .route({ method: 'POST', path: '/dns-providers/{code}/check' })
      .input(
        z.strictObject({
          code: z.string().min(1),
          /** Left out: those that are kept, else those of the environment. */
          credentials: credentials.optional(),
          domain: z.string().max(253).optional(),
        }),
      )
      .output(c.checkResultSchema),
  },
};
