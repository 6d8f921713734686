import type { Override } from '../contract/objects.ts';
import type { GatehouseClient } from '../operations/client.ts';
import { type Command, CommandError, type CommandInput, flagOption, textOption, UsageError } from './command.ts';
import { withEngine } from './engine-client.ts';
import { protectionOf } from './expose.ts';
import { tableLines } from './table.ts';
import { printJson } from './words.ts';

type Target = Pick<Override, 'object' | 'name'>;

export const override: Command = {
  help: `gatehouse override [NAME] [--host HOST] [--middlewares A,B] [--protect none|password|allow-list]
                   [--pause | --resume] [--service] [--remove] [--export labels|compose|file] [--json]

Edits a router that comes from labels or a file, such as photos@docker, without touching either. Without NAME: lists what
is edited. An edit stays when the container or the file changes, and can be taken back with "gatehouse undo".

  --host HOST          another host; "-" goes back to what the label or file says
  --middlewares A,B    other middlewares, such as auth@file; "-" goes back, "" is none
  --protect KIND       a door before all of them: password or allow-list; "none" takes it away
  --user, --password, --allow   as in "gatehouse expose"
  --pause, --resume    takes no requests, or takes them again
  --service            NAME is a service; it has middlewares and protection
  --remove             back to what the label or file says, in all
  --export FORM        the router as it is now, as labels, as a Compose file has them, or for a dynamic file
  --json               the override object, or all`,
  options: {
    host: { type: 'string' },
    middlewares: { type: 'string' },
    protect: { type: 'string' },
    user: { type: 'string' },
    password: { type: 'string' },
    allow: { type: 'string', multiple: true },
    pause: { type: 'boolean' },
    resume: { type: 'boolean' },
    service: { type: 'boolean' },
    remove: { type: 'boolean' },
    export: { type: 'string' },
    json: { type: 'boolean' },
  },
  positionals: [0, 1],
  async run(input) {
    const { terminal } = input;
    const name = input.positionals[0];
    if (name === undefined) return withEngine(input, (client) => list(client, input));
    const form = textOption(input, 'export');
    if (form !== undefined && form !== 'labels' && form !== 'compose' && form !== 'file') {
      throw new UsageError(`--export is labels, compose or file, not "${form}".`);
    }
    const wanted = await wantedOf(input);
    return withEngine(input, async (client) => {
      const target: Target = {
        object: flagOption(input, 'service') ? 'service' : 'router',
        name: await qualified(client, name, flagOption(input, 'service')),
      };
      if (form !== undefined) {
        const text = await client.overrides.export(target);
        if (form === 'labels') for (const label of text.labels) terminal.out(label);
        else terminal.out(text[form].trimEnd());
        return 0;
      }
      if (flagOption(input, 'remove')) {
        await client.overrides.remove(target);
        terminal.out(
          `${target.name} is as its ${sourceWord(target.name)} says again. Take it back with: gatehouse undo`,
        );
        return 0;
      }
      if (Object.keys(wanted).length === 0) {
        throw new UsageError(
          'Say what is to be otherwise, such as --host photos.example.org. See: gatehouse override --help',
        );
      }
      const { override: made } = await client.overrides.set({ ...target, ...wanted });
      if (flagOption(input, 'json')) printJson(terminal, made);
      else if (made === null) terminal.out(`${target.name} is as its ${sourceWord(target.name)} says again.`);
      else {
        terminal.out(`${made.name}: ${wordsOf(made)}`);
        terminal.out(`Take it back with: gatehouse override ${made.name} --remove`);
      }
      return 0;
    });
  },
};

async function list(client: GatehouseClient, input: CommandInput): Promise<number> {
  const overrides = await client.overrides.list();
  if (flagOption(input, 'json')) printJson(input.terminal, overrides);
  else if (overrides.length === 0)
    input.terminal.out('Nothing is edited: routers and services are as labels and files say.');
  else {
    const rows = overrides.map((each) => [each.name, wordsOf(each), stateWords[each.state]]);
    for (const line of tableLines(['NAME', 'EDITED', 'STATE'], rows)) input.terminal.out(line);
  }
  return 0;
}

const stateWords: Readonly<Record<Override['state'], string>> = {
  applied: 'applied',
  changed: 'applied; the label or file has changed since',
  waiting: 'waits: it is not there now',
};

function wordsOf({ host, middlewares, protection, paused }: Override): string {
  return [
    ...(host === null ? [] : [`host ${host}`]),
    ...(middlewares === null ? [] : [`middlewares ${middlewares.join(', ') || 'none'}`]),
    ...(protection === null ? [] : [protection.kind === 'password' ? 'password' : 'allow-list']),
    ...(paused ? ['paused'] : []),
  ].join('; ');
}

function sourceWord(name: string): string {
  return name.endsWith('@file') ? 'file' : 'label';
}

async function wantedOf(input: CommandInput) {
  const host = textOption(input, 'host');
  const middlewares = textOption(input, 'middlewares');
  const { protection } = await protectionOf(input);
  const pause = flagOption(input, 'pause');
  const resume = flagOption(input, 'resume');
  if (pause && resume) throw new UsageError('--pause and --resume contradict each other.');
  return {
    ...(host === undefined ? {} : { host: host === '-' ? null : host }),
    ...(middlewares === undefined ? {} : { middlewares: middlewares === '-' ? null : namesOf(middlewares) }),
    ...(protection === undefined ? {} : { protection: protection.kind === 'none' ? null : protection }),
    ...(pause ? { paused: true } : resume ? { paused: false } : {}),
  };
}

function namesOf(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** `photos` is `photos@docker` where no other provider has one of that name. */
async function qualified(client: GatehouseClient, name: string, isService: boolean): Promise<string> {
  if (name.includes('@')) return name;
  const known = isService ? await client.services.list() : await client.routers.list();
  const found = known
    .map((each) => each.name)
    .filter((each) => /^(.*)@(?:docker(?:-[a-z0-9-]+)?|file)$/.exec(each)?.[1] === name);
  if (found.length === 1) return found[0] ?? name;
  const kind = isService ? 'service' : 'router';
  throw new CommandError(
    found.length === 0 ? `No label and no file has a ${kind} ${name}.` : `There are several: ${found.join(', ')}.`,
    found.length === 0 ? `See what there is: gatehouse ${kind}s` : 'Write one of them in full.',
  );
}
