import { type Command, CommandError } from './command.ts';
import { withEngine } from './engine-client.ts';

export const undo: Command = {
  help: `gatehouse undo [CHANGE]

Takes the last change back that can be taken back, or the one with that id.`,
  options: {},
  positionals: [0, 1],
  async run(input) {
    const { terminal } = input;
    await withEngine(input, async (client) => {
      const asked = input.positionals[0];
      const changes = await client.changes.list({ limit: 500 });
      const change = changes.find(({ id, undoable }) => (asked === undefined ? undoable : id === asked));
      const id = change?.id ?? asked;
      if (id === undefined) throw new CommandError('There is nothing to take back.');
      await client.changes.undo({ id });
      terminal.out(`Taken back: ${change?.kind ?? id}${change ? ` of ${change.subject}` : ''}.`);
    });
    return 0;
  },
};
