import type { Command } from './command.ts';
import { withEngine } from './engine-client.ts';
import { signInLinks } from './sign-in-links.ts';

export const open: Command = {
  help: `gatehouse open

Prints a link to the dashboard that signs one browser in, once, within ten minutes. Where the dashboard also listens on
the local network, the same link for other machines follows on a second line.`,
  options: {},
  positionals: [0, 0],
  async run(input) {
    const [{ url }, { dashboard }] = await withEngine(input, (client) =>
      Promise.all([client.access.signInLink(), client.status()]),
    );
    for (const link of signInLinks(url, dashboard)) input.terminal.out(link);
    return 0;
  },
};
