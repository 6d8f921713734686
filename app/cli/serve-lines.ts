import { isDockerProvider } from '../contract/docker-name.ts';
import type { Snapshot } from '../contract/objects.ts';
import { sentenceOf, sentenceText } from '../contract/sentence.ts';
import { signInLinks } from './sign-in-links.ts';
import { entryPointLines, partProblems } from './status.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';

const mostShown = 30;

/** What "gatehouse serve" says once it runs: where to look, what is exposed, what is missing and how to get it. */
export function serveLines(
  terminal: Terminal,
  snapshot: Snapshot,
  /** Null: the dashboard is off. */
  signInUrl: string | null,
  /** `open` gives `gatehouse open`, or how else it is called here. */
  command: (text: string) => string,
): string[] {
  const { status, routers } = snapshot;
  const exposed = routers.filter(({ status: state, urls }) => state !== 'disabled' && urls.length > 0);
  const broken = routers.filter(({ status: state }) => state === 'disabled');
  const problems = partProblems(terminal, status);
  const links = signInUrl === null ? [] : signInLinks(signInUrl, status.dashboard);
  const rows = exposed.slice(0, mostShown).map(({ urls, name }) => [urls.join(' '), name]);
  const more = exposed.length - rows.length;
  return [
    `${terminal.paint('bold', `Gatehouse ${status.version}`)}  ${sentenceText(sentenceOf(status, 'en'))}`,
    '',
    ...links.map((link, index) => `${index === 0 ? 'Dashboard' : '       or'}  ${terminal.paint('bold', link)}`),
    links.length === 0
      ? `Dashboard  ${terminal.paint('bad', 'off')}`
      : `           The link signs one browser in, once, within ten minutes. Another one: ${command('open')}`,
    '',
    ...entryPointLines(terminal, status),
    '',
    ...(rows.length === 0 ? ['Nothing is exposed yet.'] : tableLines(['EXPOSED', 'ROUTER'], rows)),
    ...(more > 0 ? [`… and ${more} more: ${command('routers')}`] : []),
    ...(broken.length > 0
      ? ['', `${broken.length} of ${routers.length} routers are disabled: ${command('routers')}`]
      : []),
    ...(problems.length > 0 ? ['', ...problems] : []),
    ...(hasOwnApp(snapshot) ? [] : ['', nextStep(snapshot, command)]),
  ];
}

function hasOwnApp({ routers }: Snapshot): boolean {
  return routers.some(({ provider }) => provider !== 'internal');
}

function nextStep({ containers, status }: Snapshot, command: (text: string) => string): string {
  const running = containers.find(({ state }) => state === 'running');
  if (running) return `Next: ${command(`expose ${running.name}`)}`;
  const isConnected = status.providers.some(({ name, state }) => isDockerProvider(name) && state === 'connected');
  return isConnected
    ? `Next: start a container, then expose it with a click in the dashboard, or with: ${command('expose NAME')}`
    : 'Next: start Docker, or describe services that you have in a file: --file FILE';
}
