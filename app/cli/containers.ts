import { type Command, flagOption } from './command.ts';
import { withEngine } from './engine-client.ts';
import { tableLines } from './table.ts';
import { printJson, printList, problemLines, statusWord } from './words.ts';

export const containers: Command = {
  help: `gatehouse containers [--json]

Lists the containers of this machine: their state, whether they are exposed and where, or why not.

  --json  the container objects`,
  options: { json: { type: 'boolean' } },
  positionals: [0, 0],
  async run(input) {
    const { terminal } = input;
    const list = await withEngine(input, (client) => client.containers.list());
    if (flagOption(input, 'json')) {
      printJson(terminal, list);
      return 0;
    }
    if (list.length === 0) {
      terminal.out('No containers. See "gatehouse status" for whether Docker can be reached.');
      return 0;
    }
    const rows = list.map(({ name, state, image, ports, exposure, urls }) => [
      name,
      statusWord(terminal, state),
      image,
      ports.map(({ port, protocol }) => (protocol === 'tcp' ? String(port) : `${port}/${protocol}`)).join(', ') || '–',
      statusWord(terminal, exposure),
      addresses(urls),
    ]);
    const problems = list.flatMap(({ name, exposure, problems: found }) => {
      // Why a container is not exposed takes one line: most of them are meant to be as they are. Where it is exposed
      // by a click, that its labels do not ask for it is no news.
      const shown = exposure === 'none' ? found.map((each) => ({ ...each, fix: null })) : found;
      return problemLines(
        terminal,
        name,
        exposure === 'exposed' ? shown.filter(({ severity }) => severity !== 'info') : shown,
      );
    });
    printList(terminal, tableLines(['CONTAINER', 'STATE', 'IMAGE', 'PORTS', 'EXPOSURE', 'ADDRESS'], rows), problems);
    return 0;
  },
};

const mostAddresses = 3;

function addresses(urls: readonly string[]): string {
  if (urls.length === 0) return '–';
  const more = urls.length - mostAddresses;
  return `${urls.slice(0, mostAddresses).join(' ')}${more > 0 ? ` and ${more} more` : ''}`;
}
