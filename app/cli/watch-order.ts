import type { CertificateView } from '../contract/certificates.ts';
import type { GatehouseClient } from '../operations/client.ts';
import { stepLine } from './certificate-words.ts';
import type { Terminal } from './terminal.ts';
import { problemLines, span } from './words.ts';

/**
 * Prints the steps of a certificate's order as they happen, until it is there or has failed. Resolves with the exit
 * code; 1 where it failed, or the engine went away. `before`: what there was when a new one was asked for.
 */
export async function watchOrder(
  client: GatehouseClient,
  terminal: Terminal,
  started: CertificateView,
  before: CertificateView | null = null,
): Promise<number> {
  // Listen first, look then: what happens in between comes as an event.
  const events = await client.events({ topics: ['certificates'] }, { signal: terminal.stopped() });
  const printed = new Map<string, string>();
  const print = ({ order }: CertificateView): void => {
    for (const [index, step] of (order?.steps ?? []).entries()) {
      const key = `${order?.id ?? ''} ${index}`;
      const line = stepLine(terminal, step);
      // A step that is under way is told once it is over, except where it may take long.
      const isTold = step.state !== 'running' || ['waiting', 'propagation', 'challenge-set'].includes(step.step);
      if (isTold && printed.get(key) !== line) {
        printed.set(key, line);
        terminal.out(line);
      }
    }
  };
  const first = (await client.certificates.get({ id: started.id })).certificate;
  const known = outcome(first, before);
  print(first);
  if (known !== null) return finish(client, terminal, first, print);
  try {
    for await (const event of events) {
      if (event.topic !== 'certificates') continue;
      const certificate = event.certificates.upserted.find(({ id }) => id === started.id);
      if (!certificate) continue;
      print(certificate);
      if (outcome(certificate, before) !== null) return await finish(client, terminal, certificate, print);
    }
  } catch (error) {
    if (!terminal.stopped().aborted) throw error;
  }
  terminal.out('It goes on without this command. See: gatehouse certificates');
  return terminal.stopped().aborted ? 0 : 1;
}

function outcome(
  { order, failure, notAfter, fingerprint }: CertificateView,
  before: CertificateView | null,
): 'there' | 'failed' | null {
  if (order?.state === 'running') return null;
  // What was there before is not what was asked for, and a failure of before says nothing of now.
  if (failure !== null && failure.at !== before?.failure?.at) return 'failed';
  const isNew = before === null || fingerprint !== before.fingerprint;
  return failure === null && order === null && notAfter !== null && isNew ? 'there' : null;
}

async function finish(
  client: GatehouseClient,
  terminal: Terminal,
  certificate: CertificateView,
  print: (certificate: CertificateView) => void,
): Promise<number> {
  // The last steps may have come together with the end of the order.
  const { orders } = await client.certificates.get({ id: certificate.id });
  print({ ...certificate, order: certificate.order ?? orders[0] ?? null });
  const [name = ''] = certificate.names;
  const { failure, notAfter } = certificate;
  if (failure) {
    for (const line of problemLines(terminal, name, [failure.problem])) terminal.error(line);
    if (failure.retryAt !== null) {
      terminal.error(`It is tried again in ${span(Math.max(0, failure.retryAt - Date.now()))}.`);
    }
    return 1;
  }
  const until = new Date(notAfter ?? 0).toISOString().slice(0, 10);
  terminal.out(`${name} has its certificate, from ${certificate.issuer}, good until ${until}.`);
  return 0;
}
