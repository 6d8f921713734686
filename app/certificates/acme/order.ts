import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { asCertificateName } from '../authority.ts';
import { proveNames } from './authorize.ts';
import type { CaClient } from './ca-client.ts';
import { makeCsr } from './csr.ts';
import { OrderFailure, say } from './failure.ts';
import type { OrderRecord } from './order-record.ts';
import { createPauses, type OrderSurroundings } from './order-surroundings.ts';
import { AcmeFault, type AcmeOrder, type Identifier, type Told } from './protocol.ts';

/** Orders that are gone at the CA are made anew so often within one run. */
const mostOrders = 2;

/**
 * Brings an order to its certificate, from wherever it stands: each step is kept before the CA hears of it, so that a
 * process that was killed goes on without a second order and without losing a key. Resolves with the chain, PEM.
 */
export async function runOrder(record: OrderRecord, around: OrderSurroundings): Promise<string> {
  for (let round = 1; ; round += 1) {
    const order = await openOrder(record, around);
    try {
      return await finish(order, record, around);
    } catch (caught) {
      const error = isGone(caught) ? new GoneError('the CA does not know it any more') : caught;
      if (!(error instanceof GoneError) || round >= mostOrders) throw asFailure(error, around);
      record.step('order', 'failed', { details: { reason: error.message } });
      record.keep({ url: null, isAsked: false });
    }
  }
}

/** The CA does not know the order any more, or it can lead nowhere. */
class GoneError extends Error {}

function asFailure(error: unknown, { caTitle }: OrderSurroundings): unknown {
  if (!(error instanceof GoneError)) return error;
  return new OrderFailure(say('ACME_ORDER_EXPIRED', { ca: caTitle, reason: error.message }), { ends: true });
}

async function openOrder(record: OrderRecord, around: OrderSurroundings): Promise<AcmeOrder> {
  const { names, resolver, now } = around;
  const { url, isAsked, replaces } = record.current();
  if (url !== null) return (await lookAt(url, around)) ?? openOrder(forgotten(record), around);
  record.step('order', 'running', { details: { ca: around.caTitle } });
  // Asked, and no answer kept: the CA may have made it all the same.
  const found = isAsked ? await findOrder(names, around) : null;
  if (!found) record.keep({ isAsked: true });
  const request = {
    ask: 'newOrder',
    identifiers: names.map(identifierOf),
    profile: resolver.profile,
    replaces: record.current().isTrial ? null : replaces,
    notAfter: resolver.lifetimeMs === null ? null : new Date(now() + resolver.lifetimeMs).toISOString(),
  } as const;
  const order = found ?? (await askForOrder(request, around));
  record.keep({ url: order.url });
  if (!found) around.onOrdered();
  record.step('order', 'done', { details: { ca: around.caTitle } });
  return order;
}

function forgotten(record: OrderRecord): OrderRecord {
  record.keep({ url: null, isAsked: false });
  return record;
}

async function askForOrder(
  request: Parameters<CaClient['ask']>[0] & { readonly ask: 'newOrder' },
  { ca }: OrderSurroundings,
): Promise<AcmeOrder> {
  try {
    return (await ca.ask(request)).value;
  } catch (error) {
    // Replaced by another order already, or not the CA's own: the certificate is wanted all the same (RFC 9773 section 5).
    const isAboutReplacing =
      error instanceof AcmeFault &&
      request.replaces !== null &&
      ['alreadyReplaced', 'malformed', 'unauthorized'].includes(error.type);
    if (!isAboutReplacing) throw error;
    return (await ca.ask({ ...request, replaces: null })).value;
  }
}

/** An order of the account's for these names that still leads somewhere. */
async function findOrder(names: readonly string[], around: OrderSurroundings): Promise<AcmeOrder | null> {
  const wanted = names.toSorted().join(' ');
  const { value: urls } = await around.ca.ask({ ask: 'orders' });
  for (const url of urls.toReversed()) {
    const order = await lookAt(url, around);
    if (!order || !['pending', 'ready', 'processing'].includes(order.status)) continue;
    if (
      order.identifiers
        .map(({ value }) => asCertificateName(value) ?? value)
        .toSorted()
        .join(' ') === wanted
    )
      return order;
  }
  return null;
}

async function lookAt(url: string, { ca }: OrderSurroundings): Promise<AcmeOrder | null> {
  try {
    return (await ca.ask({ ask: 'order', url })).value;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof AcmeFault && (error.status === 404 || error.status === 410);
}

/** From an order that the CA knows to the chain. Throws GoneError where it can lead nowhere. */
async function finish(opened: AcmeOrder, record: OrderRecord, around: OrderSurroundings): Promise<string> {
  let order = opened;
  const pauses = createPauses(around);
  let deadline: number | null = null;
  for (;;) {
    switch (order.status) {
      case 'pending':
        await proveNames(order, record, around);
        break;
      case 'ready':
        order = await finalize(order, record, around);
        deadline ??= around.now() + around.resolver.connection.certificateTimeoutMs;
        if (order.status === 'ready') await pauses.next(null);
        break;
      case 'processing':
        deadline ??= around.now() + around.resolver.connection.certificateTimeoutMs;
        break;
      case 'valid':
        return download(order, record, around);
      case 'invalid':
        throw new GoneError(order.error?.detail ?? 'the CA has given it up');
    }
    if (deadline !== null && around.now() > deadline) {
      throw new AcmeFault({
        type: 'timeout',
        detail: `the certificate was not made within ${around.resolver.connection.certificateTimeoutMs / 1000} s`,
      });
    }
    const { value, retryAfterMs }: Told<AcmeOrder> = await around.ca.ask({ ask: 'order', url: order.url });
    if (value.status === order.status && ['processing', 'pending'].includes(value.status))
      await pauses.next(retryAfterMs);
    order = value;
  }
}

async function finalize(order: AcmeOrder, record: OrderRecord, around: OrderSurroundings): Promise<AcmeOrder> {
  const { resolver, names, keyPem, ca } = around;
  record.step('finalised', 'running');
  const csr = makeCsr(keyPem, {
    names,
    emailAddresses: resolver.emailAddresses,
    withCommonName: resolver.withCommonName,
  });
  try {
    const { value } = await ca.ask({ ask: 'finalize', url: order.finalize, orderUrl: order.url, csr });
    record.step('finalised', 'done');
    return value;
  } catch (error) {
    // Asked twice, after an answer that was lost: it is under way.
    if (!(error instanceof AcmeFault && error.type === 'orderNotReady')) throw error;
    return (await ca.ask({ ask: 'order', url: order.url })).value;
  }
}

async function download(order: AcmeOrder, record: OrderRecord, around: OrderSurroundings): Promise<string> {
  if (order.certificate === null)
    throw new AcmeFault({ type: 'nonsense', detail: 'an order without a certificate is called valid' });
  const { preferredChain } = around.resolver;
  const { value: chain } = await around.ca.ask({ ask: 'certificate', url: order.certificate, preferredChain });
  judge(chain, around);
  record.step('downloaded', 'done');
  return chain;
}

/** What does not fit our key or names is not served, whatever the CA calls it. */
function judge(chain: string, { names, keyPem, caTitle }: OrderSurroundings): void {
  const refuse = (reason: string): never => {
    throw new OrderFailure(say('ACME_CA_FAULT', { ca: caTitle, reason }), { ends: true });
  };
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(chain);
  } catch {
    return refuse('its certificate cannot be read');
  }
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) refuse('its certificate is for another key');
  const has = (name: string): boolean =>
    isIP(name) === 0
      ? (certificate.subjectAltName ?? '').toLowerCase().split(', ').includes(`dns:${name}`)
      : certificate.checkIP(name) !== undefined;
  const missing = names.find((name) => !has(name));
  if (missing !== undefined) refuse(`its certificate does not have ${missing}`);
}

export function identifierOf(name: string): Identifier {
  return { type: isIP(name) === 0 ? 'dns' : 'ip', value: name };
}
