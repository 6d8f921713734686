import type { Command } from './command.ts';
import { withEngine } from './engine-client.ts';

export const open: Command = {
  help: `gatehouse open

Prints a link to the dashboard that signs one browser in, once, within ten minutes.`,
  options: {},
  positionals: [0, 0],
  async run(input) {
    const { url } = await withEngine(input, (client) => client.access.signInLink());
    input.terminal.out(url);
    return 0;
  },
};
