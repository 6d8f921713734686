import type { Command } from './command.ts';
import { withEngine } from './engine-client.ts';

export const unexpose: Command = {
  help: `gatehouse unexpose NAME

Takes an app off that was exposed by a click or by "gatehouse expose". The container itself is not touched.
Taken back with: gatehouse undo`,
  options: {},
  positionals: [1, 1],
  async run(input) {
    const name = input.positionals[0] ?? '';
    await withEngine(input, (client) => client.exposures.remove({ id: name }));
    input.terminal.out(`${name} is no longer exposed. Take it back with: gatehouse undo`);
    return 0;
  },
};
