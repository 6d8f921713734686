import { type Command, flagOption } from './command.ts';
import { withEngine } from './engine-client.ts';
import { tableLines } from './table.ts';
import { printJson, printList, problemLines, statusWord } from './words.ts';

export const middlewares: Command = {
  help: `gatehouse middlewares [--json]

Lists every middleware with its kind and the routers that use it. Secrets are masked.

  --json  the middleware objects`,
  options: { json: { type: 'boolean' } },
  positionals: [0, 0],
  async run(input) {
    const { terminal } = input;
    const list = await withEngine(input, (client) => client.middlewares.list());
    if (flagOption(input, 'json')) {
      printJson(terminal, list);
      return 0;
    }
    if (list.length === 0) {
      terminal.out('No middlewares.');
      return 0;
    }
    const rows = list.map(({ name, type, status, summary, usedBy }) => [
      name,
      type,
      statusWord(terminal, status),
      usedBy.join(', ') || '–',
      summary,
    ]);
    printList(
      terminal,
      tableLines(['MIDDLEWARE', 'TYPE', 'STATUS', 'USED BY', 'WHAT IT DOES'], rows),
      list.flatMap(({ name, problems }) => problemLines(terminal, name, problems)),
    );
    return 0;
  },
};
