import 'reflect-metadata';
import { createPublicKey, randomUUID, webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

/** A question as it came, read but not verified. */
export interface CaQuestion {
  /** `directory`, `new-nonce`, `new-account`, `new-order`, `order`, `authz`, `chall`, `finalize`, `cert`, `renewal-info`, `revoke`. */
  readonly kind: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** What it answers in place of the truth. `hang`: nothing. */
export type CaLie =
  | 'hang'
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
    };

/** A CA that speaks ACME without TLS, believes everybody, and lies when it is told to. */
export interface FakeCa {
  readonly directoryUrl: string;
  readonly questions: readonly CaQuestion[];
  readonly count: (kind: string) => number;
  /** Asked for each question; undefined: the truth. */
  lie: (question: CaQuestion) => CaLie | undefined;
  /** What becomes of challenges that it is told of; null: they hold. */
  verdict: { readonly type: string; readonly detail: string; readonly visits?: readonly object[] } | null;
  /** Of certificates to come. */
  lifetimeMs: number;
  renewalWindow: { readonly start: number; readonly end: number } | null;
  /** Its clock. */
  now: () => number;
  /** Forgets all orders. */
  readonly forget: () => void;
  readonly stop: () => Promise<void>;
}

interface Order {
  readonly id: string;
  readonly names: readonly { readonly type: string; readonly value: string }[];
  told: boolean;
  certificate: string | null;
}

/** A problem document of ACME. */
export function caProblem(
  type: string,
  detail: string,
  status = 403,
  headers: Readonly<Record<string, string>> = {},
): CaLie {
  return { status, headers, body: { type: `urn:ietf:params:acme:error:${type}`, detail, status } };
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export async function startFakeCa(): Promise<FakeCa> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Fake root',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 86_400_000_000),
    notAfter: new Date(Date.now() + 86_400_000_000),
    extensions: [new x509.BasicConstraintsExtension(true)],
  });
  const orders = new Map<string, Order>();
  const questions: CaQuestion[] = [];

  const issue = async (csrBase64: string): Promise<string> => {
    const csr = new x509.Pkcs10CertificateRequest(Buffer.from(csrBase64, 'base64url'));
    const names = csr.extensions.find(({ type }) => type === '2.5.29.17');
    const notBefore = ca.now() - 3_600_000;
    const certificate = await x509.X509CertificateGenerator.create({
      subject: 'CN=issued',
      issuer: root.subject,
      publicKey: csr.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      notBefore: new Date(notBefore),
      notAfter: new Date(notBefore + ca.lifetimeMs),
      extensions: [...(names ? [names] : []), await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey)],
    });
    // Its key must be one that OpenSSL can read.
    createPublicKey({ key: Buffer.from(csr.publicKey.rawData), format: 'der', type: 'spki' });
    return `${certificate.toString('pem')}\n${root.toString('pem')}\n`;
  };

  const truth = async ({ kind, payload }: CaQuestion, id: string, base: string): Promise<Exclude<CaLie, 'hang'>> => {
    const order = orders.get(id);
    const gone = { status: 404, body: { type: 'urn:ietf:params:acme:error:malformed', detail: 'no such thing' } };
    const view = (each: Order) => ({
      status: each.certificate ? 'valid' : each.told ? (ca.verdict ? 'invalid' : 'ready') : 'pending',
      identifiers: each.names,
      authorizations: [`${base}/authz/${each.id}`],
      finalize: `${base}/finalize/${each.id}`,
      ...(each.certificate ? { certificate: `${base}/cert/${each.id}` } : {}),
    });
    switch (kind) {
      case 'directory':
        return {
          body: {
            newNonce: `${base}/new-nonce`,
            newAccount: `${base}/new-account`,
            newOrder: `${base}/new-order`,
            revokeCert: `${base}/revoke`,
            keyChange: `${base}/key-change`,
            ...(ca.renewalWindow ? { renewalInfo: `${base}/renewal-info` } : {}),
          },
        };
      case 'new-nonce':
        return {};
      case 'new-account':
        return {
          status: 201,
          headers: { Location: `${base}/account/1` },
          body: { status: 'valid', orders: `${base}/orders` },
        };
      case 'account':
        return { body: { status: 'valid', orders: `${base}/orders` } };
      case 'orders':
        return { body: { orders: [...orders.keys()].map((each) => `${base}/order/${each}`) } };
      case 'new-order': {
        const made: Order = {
          id: randomUUID(),
          names: payload['identifiers'] as Order['names'],
          told: false,
          certificate: null,
        };
        orders.set(made.id, made);
        return { status: 201, headers: { Location: `${base}/order/${made.id}` }, body: view(made) };
      }
      case 'order':
        return order ? { body: view(order) } : gone;
      case 'authz': {
        if (!order) return gone;
        const [name] = order.names;
        const state = order.told ? (ca.verdict ? 'invalid' : 'valid') : 'pending';
        const error = ca.verdict && {
          type: `urn:ietf:params:acme:error:${ca.verdict.type}`,
          detail: ca.verdict.detail,
        };
        const challenges = ['http-01', 'tls-alpn-01', 'dns-01'].map((type) => ({
          type,
          url: `${base}/chall/${order.id}`,
          token: `token-${order.id}`,
          status: state,
          ...(state === 'invalid' ? { error, validationRecord: ca.verdict?.visits ?? [] } : {}),
        }));
        return { body: { status: state, identifier: name, challenges } };
      }
      case 'chall':
        if (!order) return gone;
        order.told = true;
        return { body: { type: 'http-01', url: `${base}/chall/${id}`, token: 'x', status: 'processing' } };
      case 'finalize':
        if (!order) return gone;
        order.certificate ??= await issue(String(payload['csr']));
        return { body: view(order) };
      case 'cert':
        return order?.certificate
          ? { headers: { 'Content-Type': 'application/pem-certificate-chain' }, body: order.certificate }
          : gone;
      case 'renewal-info': {
        const { start, end } = ca.renewalWindow ?? { start: 0, end: 0 };
        const suggestedWindow = { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
        return {
          headers: { 'Retry-After': '3600' },
          body: { suggestedWindow, explanationURL: 'https://ca.example/why' },
        };
      }
      case 'revoke':
        return {};
      default:
        return gone;
    }
  };

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const base = `http://${request.headers.host ?? ''}`;
    const [, kind = '', id = ''] = (request.url ?? '').split('/');
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const jws = text === '' ? {} : (JSON.parse(text) as { payload?: string });
    const decoded = Buffer.from(jws.payload ?? '', 'base64url').toString();
    const payload = decoded === '' ? {} : (JSON.parse(decoded) as Record<string, unknown>);
    const question = { kind, payload };
    questions.push(question);
    const answer = ca.lie(question) ?? (await truth(question, id, base));
    if (answer === 'hang') return;
    const { status = 200, headers = {}, body } = answer;
    response.writeHead(status, {
      'Content-Type': status >= 400 ? 'application/problem+json' : 'application/json',
      'Replay-Nonce': randomUUID(),
      Date: new Date(ca.now()).toUTCString(),
      ...headers,
    });
    response.end(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body));
  };
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ca: FakeCa = {
    directoryUrl: `http://127.0.0.1:${port}/directory`,
    questions,
    count: (kind) => questions.filter((each) => each.kind === kind).length,
    lie: () => undefined,
    verdict: null,
    lifetimeMs: 90 * 86_400_000,
    renewalWindow: null,
    now: Date.now,
    forget: () => orders.clear(),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return ca;
}
