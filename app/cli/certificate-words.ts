import type { CertificateView, Order, OrderStep, OrderStepKind } from '../contract/certificates.ts';
import type { Terminal, Tone } from './terminal.ts';
import { span } from './words.ts';

/** What is said of a certificate: its status, or that its renewal fails or is under way while it serves. */
export function certificateState({ status, failure, order }: CertificateView): string {
  if (status === 'valid' && order?.state === 'running') return 'renewing';
  return status === 'valid' && failure !== null ? 'failing' : status;
}

const tones: Readonly<Record<string, Tone>> = {
  valid: 'good',
  renewing: 'good',
  pending: 'warn',
  failing: 'warn',
  expiring: 'warn',
  failed: 'bad',
  expired: 'bad',
  revoked: 'bad',
  unused: 'dim',
};

export function stateWord(terminal: Terminal, certificate: CertificateView): string {
  const word = certificateState(certificate);
  const tone = tones[word];
  return tone === undefined ? word : terminal.paint(tone, word);
}

/** "in 61 days", "2 h ago"; empty where there is none. */
export function endsWord({ notAfter }: CertificateView, now: number): string {
  if (notAfter === null) return '';
  return notAfter > now ? `in ${span(notAfter - now)}` : `${span(now - notAfter)} ago`;
}

const whyWords = {
  ari: 'when its CA asks for it',
  'two-thirds': 'after two thirds of its time',
  half: 'after half of its time',
  third: 'when a third of its time is left',
  retry: 'the next try after a failure',
  asked: 'as it was asked for',
  owner: 'by its owner',
} as const;

export function renewalWords({ renewal }: CertificateView, now: number): string {
  if (!renewal) return 'no';
  if (renewal.why === 'owner') return whyWords.owner;
  return `${renewal.at > now ? `in ${span(renewal.at - now)}` : 'now'}, ${whyWords[renewal.why]}`;
}

const stepWords: Readonly<Record<OrderStepKind, string>> = {
  waiting: 'waits',
  directory: 'asks the CA what it offers',
  account: 'account',
  'dry-run': 'rehearsal, where a mistake costs nothing',
  order: 'order',
  authorization: 'proof is wanted',
  'challenge-set': 'answer laid out',
  propagation: 'name servers have the record',
  'self-check': 'answer seen by ourselves',
  'told-ca': 'CA told to look',
  'ca-saw': 'CA looked',
  validated: 'proved',
  finalised: 'key handed in for signing',
  downloaded: 'certificate received',
  installed: 'in use',
};

const marks: Readonly<Record<OrderStep['state'], readonly [string, Tone]>> = {
  done: ['done', 'good'],
  running: ['…', 'warn'],
  failed: ['failed', 'bad'],
};

/** One step in a line; values that tell something stand behind it. */
export function stepLine(terminal: Terminal, { step, state, name, details }: OrderStep): string {
  const [mark, tone] = marks[state];
  const values = Object.entries(details)
    .filter(([, value]) => value !== '')
    .map(([key, value]) => (key === 'until' ? new Date(Number(value)).toISOString() : String(value)));
  const what = [stepWords[step], ...(name === null ? [] : [name])].join(': ');
  const more = values.length === 0 ? '' : `  ${terminal.paint('dim', values.join(', '))}`;
  return `${terminal.paint(tone, mark.padEnd(6))}  ${what}${more}`;
}

export function orderLines(terminal: Terminal, order: Order, now: number): string[] {
  const head = `${order.why} order, ${order.state}, ${span(now - order.startedAt)} ago`;
  return [terminal.paint('bold', head), ...order.steps.map((step) => `  ${stepLine(terminal, step)}`)];
}
