import type { GatehouseClient } from '../operations/client.ts';
import { type Command, CommandError } from './command.ts';
import { withEngine } from './engine-client.ts';

export const pause: Command = {
  help: `gatehouse pause [NAME]

Pauses one app that was exposed by a click; without NAME everything, labels and files included.`,
  options: {},
  positionals: [0, 1],
  async run(input) {
    const name = input.positionals[0];
    await withEngine(input, async (client) => {
      if (name === undefined) await client.exposures.pauseAll();
      else await client.exposures.pause({ id: await exposureId(client, name) });
    });
    input.terminal.out(
      `${name ?? 'Everything'} is paused. Go on with: gatehouse resume${name === undefined ? '' : ` ${name}`}`,
    );
    return 0;
  },
};

export const resume: Command = {
  help: `gatehouse resume [NAME]

Ends the pause of one app; without NAME that of everything.`,
  options: {},
  positionals: [0, 1],
  async run(input) {
    const name = input.positionals[0];
    await withEngine(input, async (client) => {
      if (name === undefined) await client.exposures.resumeAll();
      else await client.exposures.resume({ id: await exposureId(client, name) });
    });
    input.terminal.out(`${name ?? 'Everything'} is exposed again.`);
    return 0;
  },
};

async function exposureId(client: GatehouseClient, name: string): Promise<string> {
  const list = await client.exposures.list();
  const found = list.find(
    (exposure) => exposure.id === name || exposure.name === name || `${exposure.name}@gatehouse` === name,
  );
  if (found) return found.id;
  const names = list.map((exposure) => exposure.name).join(', ');
  throw new CommandError(
    `No app with the name ${name} was exposed by a click or by "gatehouse expose".`,
    names === '' ? 'See what there is: gatehouse containers' : `There are: ${names}.`,
  );
}
