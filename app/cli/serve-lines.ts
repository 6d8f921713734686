import type { Snapshot } from '../contract/objects.ts';
import { sentenceOf, sentenceText } from '../contract/sentence.ts';
import { signInLinks } from './sign-in-links.ts';
import { entryPointLines, partProblems } from './status.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';

const mostShown = 30;

/** What "gatehouse serve" says once it runs: where to look, what is exposed, what is missing and how to get it. */
export function serveLines(terminal: Terminal, snapshot: Snapshot, signInUrl: string): string[] {
  const { status, routers } = snapshot;
  const exposed = routers.filter(({ status: state, urls }) => state !== 'disabled' && urls.length > 0);
  const broken = routers.filter(({ status: state }) => state === 'disabled');
  const problems = partProblems(terminal, status);
  const rows = exposed.slice(0, mostShown).map(({ urls, name }) => [urls.join(' '), name]);
  const more = exposed.length - rows.length;
  return [
    `${terminal.paint('bold', `Gatehouse ${status.version}`)}  ${sentenceText(sentenceOf(status, 'en'))}`,
    '',
    ...signInLinks(signInUrl, status.dashboard).map(
      (link, index) => `${index === 0 ? 'Dashboard' : '       or'}  ${terminal.paint('bold', link)}`,
    ),
    '           The link signs one browser in, once, within ten minutes. Another one: gatehouse open',
    '',
    ...entryPointLines(terminal, status),
    '',
    ...(rows.length === 0 ? ['Nothing is exposed yet.'] : tableLines(['EXPOSED', 'ROUTER'], rows)),
    ...(more > 0 ? [`… and ${more} more: gatehouse routers`] : []),
    ...(broken.length > 0 ? ['', `${broken.length} of ${routers.length} routers are disabled: gatehouse routers`] : []),
    ...(problems.length > 0 ? ['', ...problems] : []),
    ...(hasOwnApp(snapshot) ? [] : ['', nextStep(snapshot)]),
  ];
}

function hasOwnApp({ routers }: Snapshot): boolean {
  return routers.some(({ provider }) => provider !== 'internal');
}

function nextStep({ containers, status }: Snapshot): string {
  const running = containers.find(({ state }) => state === 'running');
  if (running) return `Next: gatehouse expose ${running.name}`;
  const docker = status.providers.find(({ name }) => name === 'docker');
  return docker?.state === 'connected'
    ? 'Next: start a container, then expose it with a click in the dashboard, or with: gatehouse expose NAME'
    : 'Next: start Docker, or describe services that you have in a file: gatehouse serve --file FILE';
}
