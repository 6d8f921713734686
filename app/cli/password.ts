import { type Command, CommandError } from './command.ts';
import { withEngine } from './engine-client.ts';

const shortest = 10;

export const password: Command = {
  help: `gatehouse password

Sets the dashboard's password (at least ${shortest} characters). Typed twice; from a pipe, the first line is taken.
Every browser is signed out.`,
  options: {},
  positionals: [0, 0],
  async run(input) {
    const { terminal } = input;
    const first = await terminal.readSecret('New password: ');
    if (first === null) throw new CommandError('No password was given.');
    if (first.length < shortest) throw new CommandError(`The password must have at least ${shortest} characters.`);
    if (terminal.interactive && (await terminal.readSecret('Once more: ')) !== first) {
      throw new CommandError('The two do not match; nothing was changed.');
    }
    await withEngine(input, (client) => client.access.setPassword({ password: first }));
    terminal.out('The password is set.');
    return 0;
  },
};
