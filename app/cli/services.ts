import { type Command, flagOption } from './command.ts';
import { withEngine } from './engine-client.ts';
import { tableLines } from './table.ts';
import { printJson, printList, problemLines, statusWord } from './words.ts';

export const services: Command = {
  help: `gatehouse services [--json]

Lists every service with its servers and their health.

  --json  the service objects`,
  options: { json: { type: 'boolean' } },
  positionals: [0, 0],
  async run(input) {
    const { terminal } = input;
    const list = await withEngine(input, (client) => client.services.list());
    if (flagOption(input, 'json')) {
      printJson(terminal, list);
      return 0;
    }
    const rows = list.flatMap(({ name, status, servers, usedBy, type, protocol = 'http' }) => {
      const first = [name, protocol, statusWord(terminal, status)];
      const users = usedBy.join(', ') || '–';
      if (servers.length === 0) return [[...first, type === 'whoami' ? 'built in' : 'none', '–', users]];
      return servers.map(({ url, health, reason }, index) => [
        ...(index === 0 ? first : ['', '', '']),
        url,
        reason === null ? statusWord(terminal, health) : `${statusWord(terminal, health)}: ${reason}`,
        index === 0 ? users : '',
      ]);
    });
    printList(
      terminal,
      tableLines(['SERVICE', 'PROTOCOL', 'STATUS', 'SERVERS', 'HEALTH', 'USED BY'], rows),
      list.flatMap(({ name, problems }) => problemLines(terminal, name, problems)),
    );
    return 0;
  },
};
