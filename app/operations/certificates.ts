import { Secret } from '../secrets/secrets.ts';
import type { OperationContext } from './caller.ts';
import type { ResolverInput } from './certificate-service.ts';
import { operations } from './implementer.ts';

const firstResolverName = 'default';

type ResolverFields = Omit<ResolverInput, 'eab'> & {
  readonly eab?: { readonly kid: string; readonly hmac: string } | undefined;
};

function setResolver({ engine, caller }: OperationContext, fields: ResolverFields) {
  const { eab, ...rest } = fields;
  return engine.certificates.setResolver(
    { ...rest, ...(eab && { eab: { kid: eab.kid, hmac: new Secret(eab.hmac) } }) },
    caller.actor,
  );
}

export const certificates = {
  list: operations.certificates.list.handler(({ context }) => [...context.engine.snapshot().certificates]),
  get: operations.certificates.get.handler(({ context, input }) => context.engine.certificates.get(input.id)),
  propose: operations.certificates.propose.handler(({ context, input }) => context.engine.certificates.propose(input)),
  add: operations.certificates.add.handler(async ({ context, input: { names, resolver, how } }) => {
    const made = how && (await setResolver(context, { ...how, name: how.name ?? resolver ?? firstResolverName }));
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
