import { parentPort, workerData } from 'node:worker_threads';
import * as acme from 'acme-client';
import { type Aside, aside, createCaHttp } from './ca-http.ts';
import { AcmeFault, type CaThreadData, type Question, type ThreadAnswer, type ThreadQuestion } from './protocol.ts';
import * as read from './read-answers.ts';

// The entry of the thread that speaks with one CA. It holds the protocol client with all that this brings along (axios,
// node-forge, ASN.1), some 40 MB, and ends with the orders that it was needed for.

const port = parentPort;
if (!port) throw new Error('ca-thread.ts is the entry of a worker thread');
const data = workerData as CaThreadData;

// One try for each question: what is tried again, and when, is decided where orders are kept.
const settings = (acme.axios.defaults as { acmeSettings?: { retryMaxAttempts: number } }).acmeSettings;
if (settings) settings.retryMaxAttempts = 0;
acme.axios.defaults.adapter = createCaHttp(data) as unknown as NonNullable<typeof acme.axios.defaults.adapter>;

const client = new acme.Client({
  directoryUrl: data.directoryUrl,
  accountKey: data.accountKeyPem,
  ...(data.accountUrl === null ? {} : { accountUrl: data.accountUrl }),
  ...(data.eab === null ? {} : { externalAccountBinding: { kid: data.eab.kid, hmacKey: data.eab.hmac } }),
});

/** What the client has and its types do not tell: one signed question, answered as it came. */
const signed = client as unknown as {
  readonly api: {
    apiRequest(
      url: string,
      payload: object | null,
      statuses: readonly number[],
    ): Promise<{ readonly data: unknown; readonly headers: Readonly<Record<string, string>> }>;
  };
};

let directory: unknown = null;
async function directoryOf(): Promise<unknown> {
  directory ??= (await acme.axios.request<unknown>({ url: data.directoryUrl, method: 'get' })).data;
  return directory;
}

async function answer(question: Question): Promise<unknown> {
  switch (question.ask) {
    case 'directory':
      directory = null;
      return read.directory(await directoryOf());
    case 'account':
      await client.createAccount({
        termsOfServiceAgreed: true,
        ...(question.email === '' ? {} : { contact: [`mailto:${question.email}`] }),
      });
      return { url: client.getAccountUrl() };
    case 'newOrder': {
      const { identifiers, profile, replaces, notAfter } = question;
      const request = {
        identifiers: [...identifiers],
        ...(profile === null ? {} : { profile }),
        ...(replaces === null ? {} : { replaces }),
        ...(notAfter === null ? {} : { notAfter }),
      };
      const order = await client.createOrder(request);
      return read.order(order, order.url);
    }
    case 'order':
      return read.order((await signed.api.apiRequest(question.url, null, [200])).data, question.url);
    case 'orders':
      return ordersOf();
    case 'authorization':
      return read.authorization((await signed.api.apiRequest(question.url, null, [200])).data, question.url);
    case 'answerChallenge':
      await signed.api.apiRequest(question.url, {}, [200]);
      return null;
    case 'finalize': {
      const order = { url: question.orderUrl, finalize: question.url } as acme.Order;
      return read.order(await client.finalizeOrder(order, question.csr), question.orderUrl);
    }
    case 'certificate': {
      const order = { status: 'valid', certificate: question.url } as acme.Order;
      return read.chain(await client.getCertificate(order, question.preferredChain ?? undefined));
    }
    case 'revoke':
      await client.revokeCertificate(question.certificatePem, { reason: question.reason });
      return null;
    case 'renewalInfo': {
      const { renewalInfo } = read.directory(await directoryOf());
      if (renewalInfo === null) throw new AcmeFault({ type: 'nonsense', detail: 'the CA says nothing of renewal' });
      const url = `${renewalInfo.replace(/\/$/, '')}/${question.certificateId}`;
      const { data: info } = await acme.axios.request<unknown>({ url, method: 'get' });
      return read.renewalInfo(info, aside.getStore()?.retryAfterMs ?? null);
    }
  }
}

const mostPages = 20;

/** Newest orders may be on the last page; a CA need not tell any (RFC 8555 section 7.1.2.1). */
async function ordersOf(): Promise<readonly string[]> {
  const account = await signed.api.apiRequest(client.getAccountUrl(), null, [200]);
  let next = read.ordersUrl(account.data);
  const urls: string[] = [];
  for (let page = 0; next !== null && page < mostPages; page += 1) {
    const { data: list, headers } = await signed.api.apiRequest(next, null, [200]);
    urls.push(...read.orderUrls(list));
    next = /<([^>]+)>;\s*rel="?next"?/.exec(headers['link'] ?? '')?.[1] ?? null;
  }
  return urls;
}

port.on('message', ({ id, question }: ThreadQuestion) => {
  const beside: Aside = { caTime: null, retryAfterMs: null };
  const reply = (message: ThreadAnswer): void => port.postMessage(message);
  aside.run(beside, () => {
    answer(question).then(
      (value) => reply({ id, told: { value, ...beside } }),
      (error: unknown) => reply({ id, fault: faultOf(error, beside).toParts() }),
    );
  });
});

function faultOf(error: unknown, { caTime, retryAfterMs }: Aside): AcmeFault {
  if (error instanceof AcmeFault) return error;
  const detail = error instanceof Error ? error.message : String(error);
  // The client has asked again with every new nonce that it was given.
  const type = /nonce/i.test(detail) ? 'badNonce' : 'nonsense';
  return new AcmeFault({ type, detail, caTime, retryAfterMs });
}
