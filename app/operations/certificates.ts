import { pkcs12 } from '../certificates/export/pkcs12.ts';
import type { FoundCertificate } from '../certificates/import/found.ts';
import { readImport, readImportPath } from '../certificates/import/read.ts';
import { type Download, knownAuthorities, type ResolverView } from '../contract/certificates.ts';
import { Secret } from '../secrets/secrets.ts';
import { type OperationContext, refuseTokens } from './caller.ts';
import type { ResolverInput } from './certificate-service.ts';
import { OperationError } from './error.ts';
import { operations } from './implementer.ts';

const firstResolverName = 'default';

/** Of a resolver that is made on the way: the same one where it is there already, else a name that is free. */
function resolverNameFor(
  { email, ca, challenge, dnsProvider }: Omit<ResolverFields, 'name'>,
  resolvers: readonly ResolverView[],
): string {
  const directory = knownAuthorities.find(({ code }) => code === (ca ?? knownAuthorities[0].code))?.directory ?? ca;
  const same = resolvers.find(
    (each) =>
      each.source === 'dashboard' &&
      each.email === email &&
      each.challenge === challenge &&
      each.dnsProvider === (challenge === 'dns-01' ? (dnsProvider ?? null) : null) &&
      each.ca.url === directory,
  );
  if (same) return same.name;
  const taken = new Set(resolvers.map(({ name }) => name));
  const base = taken.has(firstResolverName) ? (dnsProvider ?? challenge) : firstResolverName;
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!taken.has(name)) return name;
  }
}

type ResolverFields = Omit<ResolverInput, 'eab'> & {
  readonly credentials?: Readonly<Record<string, string>> | undefined;
  readonly eab?: { readonly kid: string; readonly hmac: string } | undefined;
};

/** Keeps credentials first: a resolver that names a provider can be used from the moment that it is there. */
async function setResolver({ engine, caller }: OperationContext, fields: ResolverFields) {
  const { credentials, eab, ...rest } = fields;
  if (credentials && rest.dnsProvider !== undefined) await engine.dnsProviders.keep(rest.dnsProvider, credentials);
  return engine.certificates.setResolver(
    { ...rest, ...(eab && { eab: { kid: eab.kid, hmac: new Secret(eab.hmac) } }) },
    caller.actor,
  );
}

/** One that leaked must not give away keys, nor make the engine read files. */
const notForTokens =
  'API tokens can take neither keys out nor files in. Use the dashboard, or the command on the machine itself.';

interface DownloadInput {
  readonly id: string;
  readonly format: 'chain' | 'key' | 'pfx';
  readonly passphrase?: string | undefined;
}

async function download(context: OperationContext, { id, format, passphrase }: DownloadInput): Promise<Download> {
  if (format !== 'chain') refuseTokens(context.caller, notForTokens);
  const { certificates: service } = context.engine;
  const [name = 'certificate'] = service.get(id).certificate.names;
  const { certificatePem, privateKey } = await service.material(id);
  const fileName = name.replace(/^\*\./, 'wildcard.').replaceAll(/[^\w.-]/g, '_');
  switch (format) {
    case 'chain':
      return { fileName: `${fileName}.pem`, mediaType: pemType, encoding: 'utf8', content: certificatePem };
    case 'key':
      return { fileName: `${fileName}.key`, mediaType: pemType, encoding: 'utf8', content: privateKey.reveal() };
    case 'pfx': {
      if (passphrase === undefined) {
        throw new OperationError('INVALID', 'A PFX file holds the key, so it needs a passphrase.', {
          reason: 'PASSPHRASE_REQUIRED',
        });
      }
      const bytes = pkcs12({ certificatePem, privateKey, passphrase: new Secret(passphrase), friendlyName: name });
      const content = bytes.toString('base64');
      return { fileName: `${fileName}.pfx`, mediaType: 'application/x-pkcs12', encoding: 'base64', content };
    }
  }
}

/** The resolver of the same name; else, for what a CA signed by ACME, one that could have asked for it. */
function renewedBy({ resolver, names, byAcme }: FoundCertificate, resolvers: readonly ResolverView[]): string | null {
  if (!byAcme || resolvers.some(({ name }) => name === resolver)) return resolver;
  const isWildcard = names.some((name) => name.startsWith('*.'));
  const able = resolvers.filter(({ challenge, ca }) => !ca.staging && (!isWildcard || challenge === 'dns-01'));
  return (able.find(({ name }) => name === firstResolverName) ?? able[0])?.name ?? null;
}

const pemType = 'application/x-pem-file';

export const certificates = {
  list: operations.certificates.list.handler(({ context }) => [...context.engine.snapshot().certificates]),
  get: operations.certificates.get.handler(({ context, input }) => context.engine.certificates.get(input.id)),
  propose: operations.certificates.propose.handler(({ context, input }) => context.engine.certificates.propose(input)),
  add: operations.certificates.add.handler(async ({ context, input: { names, resolver, how } }) => {
    const made =
      how &&
      (await setResolver(context, {
        ...how,
        name: how.name ?? resolver ?? resolverNameFor(how, context.engine.certificates.resolvers()),
      }));
    const wanted = { names, resolver: made?.name ?? resolver };
    return { certificate: await context.engine.certificates.add(wanted, context.caller.actor) };
  }),
  renew: operations.certificates.renew.handler(async ({ context, input }) => ({
    certificate: await context.engine.certificates.renew(input.id, context.caller.actor),
  })),
  revoke: operations.certificates.revoke.handler(async ({ context, input }) => ({
    certificate: await context.engine.certificates.revoke(input.id, input.reason, context.caller.actor),
  })),
  remove: operations.certificates.remove.handler(async ({ context, input }) => {
    await context.engine.certificates.remove(input.id, context.caller.actor);
    return {};
  }),
  upload: operations.certificates.upload.handler(async ({ context, input: { id, certificatePem, privateKeyPem } }) => {
    const brought = { certificatePem, privateKey: new Secret(privateKeyPem), resolver: null };
    return { certificate: await context.engine.certificates.bring(id ?? null, brought, context.caller.actor) };
  }),
  download: operations.certificates.download.handler(({ context, input }) => download(context, input)),
  import: operations.certificates.import.handler(async ({ context, input: { from, path, files } }) => {
    refuseTokens(context.caller, notForTokens);
    if ((path === undefined) === (files === undefined)) {
      throw new OperationError('INVALID', 'Give either a path on this machine or the files themselves.', {
        reason: 'IMPORT_UNSUITABLE',
        problem: 'path or files',
      });
    }
    const given = path === undefined ? (files ?? []) : await readImportPath(from, path);
    const found = await readImport(from, given, Date.now());
    const known = context.engine.certificates.resolvers();
    const renewed = found.certificates.map((each) => ({ ...each, resolver: renewedBy(each, known) }));
    const report = await context.engine.certificates.adopt({ ...found, certificates: renewed }, context.caller.actor);
    return { ...report, skipped: [...report.skipped, ...found.skipped] };
  }),
};

export const resolvers = {
  list: operations.resolvers.list.handler(({ context }) => [...context.engine.certificates.resolvers()]),
  set: operations.resolvers.set.handler(({ context, input }) => setResolver(context, input)),
  remove: operations.resolvers.remove.handler(async ({ context, input }) => {
    await context.engine.certificates.removeResolver(input.name, context.caller.actor);
    return {};
  }),
  check: operations.resolvers.check.handler(({ context, input }) =>
    context.engine.certificates.checkResolver(input.name),
  ),
};

export const dnsProviders = {
  list: operations.dnsProviders.list.handler(async ({ context }) => [...(await context.engine.dnsProviders.list())]),
  check: operations.dnsProviders.check.handler(({ context, input: { code, credentials, domain }, signal }) =>
    context.engine.dnsProviders.check({ code, credentials, domain }, signal),
  ),
};
