import { type Command, CommandError, type CommandInput, flagOption, UsageError } from './command.ts';
import { withEngine } from './engine-client.ts';
import { tableLines } from './table.ts';
import { ago, printJson } from './words.ts';

const usage = 'gatehouse token create NAME | list [--json] | revoke ID';

export const token: Command = {
  help: `${usage}

API tokens, for programs that read or steer Gatehouse: Authorization: Bearer gh_…
A token is shown once, when it is made.

  --json  objects instead of text`,
  options: { json: { type: 'boolean' } },
  positionals: [1, 2],
  run(input) {
    const [action, subject] = input.positionals;
    if (action === 'create') return create(input, subject);
    if (action === 'list') return list(input);
    if (action === 'revoke') return revoke(input, subject);
    throw new UsageError(usage);
  },
};

async function create(input: CommandInput, name: string | undefined): Promise<number> {
  if (name === undefined) throw new UsageError('Give the token a name: gatehouse token create NAME');
  const created = await withEngine(input, (client) => client.access.tokens.create({ name }));
  if (flagOption(input, 'json')) printJson(input.terminal, created);
  else input.terminal.out(created.token);
  return 0;
}

async function list(input: CommandInput): Promise<number> {
  const tokens = await withEngine(input, (client) => client.access.tokens.list());
  if (flagOption(input, 'json')) printJson(input.terminal, tokens);
  else if (tokens.length === 0) input.terminal.out('No tokens. Make one with: gatehouse token create NAME');
  else {
    const now = Date.now();
    const rows = tokens.map(({ id, name, createdAt, lastUsedAt }) => [
      id,
      name,
      ago(createdAt, now),
      lastUsedAt === null ? 'never' : ago(lastUsedAt, now),
    ]);
    for (const line of tableLines(['ID', 'NAME', 'CREATED', 'LAST USED'], rows)) input.terminal.out(line);
  }
  return 0;
}

async function revoke(input: CommandInput, idOrName: string | undefined): Promise<number> {
  if (idOrName === undefined) throw new UsageError('Say which: gatehouse token revoke ID');
  await withEngine(input, async (client) => {
    const tokens = await client.access.tokens.list();
    const fitting = tokens.filter(({ id, name }) => id === idOrName || name === idOrName);
    if (fitting.length > 1) {
      throw new CommandError(`Several tokens have the name ${idOrName}.`, 'Say which by its id: gatehouse token list');
    }
    await client.access.tokens.revoke({ id: fitting[0]?.id ?? idOrName });
  });
  input.terminal.out('The token is revoked.');
  return 0;
}
