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
    const rows = list.flatMap(({ name, status, servers, children = [], usedBy, type, protocol = 'http' }) => {
      const first = [name, protocol, statusWord(terminal, status)];
      const users = usedBy.join(', ') || '–';
      if (children.length > 0) {
        return children.map((child, index) => [
          ...(index === 0 ? first : ['', '', '']),
          `${child.name} (${child.role}${child.share === null ? '' : ` ${child.share}${child.role === 'mirror' ? ' %' : ''}`})`,
          statusWord(terminal, child.health),
          index === 0 ? users : '',
        ]);
      }
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
