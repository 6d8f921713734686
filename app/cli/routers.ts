import { type Command, flagOption } from './command.ts';
import { withEngine } from './engine-client.ts';
import { tableLines } from './table.ts';
import { printJson, printList, problemLines, statusWord } from './words.ts';

export const routers: Command = {
  help: `gatehouse routers [--json]

Lists every router with its rule, and what is wrong with those that are not enabled.

  --json  the router objects`,
  options: { json: { type: 'boolean' } },
  positionals: [0, 0],
  async run(input) {
    const { terminal } = input;
    const list = await withEngine(input, (client) => client.routers.list());
    if (flagOption(input, 'json')) {
      printJson(terminal, list);
      return 0;
    }
    const rows = list.map(({ name, status, protocol, rule, entryPoints, middlewares, service, parents, children }) => [
      name,
      protocol ?? 'http',
      statusWord(terminal, status),
      rule || '–',
      parents === undefined ? entryPoints.join(', ') || '–' : `below ${parents.join(', ')}`,
      middlewares.join(', ') || '–',
      children?.join(', ') ?? service,
    ]);
    printList(
      terminal,
      tableLines(['ROUTER', 'PROTOCOL', 'STATUS', 'RULE', 'ENTRY POINTS', 'MIDDLEWARES', 'SERVICE'], rows),
      list.flatMap(({ name, problems }) => problemLines(terminal, name, problems)),
    );
    return 0;
  },
};
