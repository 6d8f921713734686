import { isEditableProvider } from '../contract/editable.ts';
import type { Override, RouterView, ServiceView } from '../contract/objects.ts';
import type { GatehouseClient } from '../operations/client.ts';
import { type Command, CommandError, type CommandInput, flagOption, textOption, UsageError } from './command.ts';
import { withEngine } from './engine-client.ts';
import { protectionOf } from './expose.ts';
import { editsAfter, serverOptions, serverWishes, serverWords } from './override-servers.ts';
import { tableLines } from './table.ts';
import { printJson } from './words.ts';

type Target = Pick<Override, 'object' | 'name' | 'protocol'>;

export const override: Command = {
  help: `gatehouse override [NAME] [--host HOST] [--middlewares A,B] [--protect none|password|allow-list]
                   [--pause | --resume] [--allow-conflict] [--tcp | --udp] [--remove]
                   [--export labels|compose|file] [--json]
gatehouse override NAME --service [--server [SERVER=]ADDRESS] [--weight [SERVER=]N] [--pause-server SERVER]
                   [--resume-server SERVER] [--health-path PATH] [--middlewares A,B] [--protect …] …

Edits a router or service that comes from labels or a file, such as photos@docker, without touching either. Without NAME:
lists what is edited. An edit stays when the container or the file changes, and can be taken back with "gatehouse undo".

  --host HOST          another host; "-" goes back to what the label or file says
  --middlewares A,B    other middlewares, such as auth@file; "-" goes back, "" is none
  --protect KIND       a door before all of them: password or allow-list; "none" takes it away
  --user, --password, --allow   as in "gatehouse expose"
  --pause, --resume    takes no requests, or takes them again
  --allow-conflict     though another router has that rule and priority already
  --tcp, --udp         NAME is a router or service of TCP or UDP
  --service            NAME is a service
  --server S=ADDRESS   the server S is at ADDRESS instead, such as http://10.0.0.5:80=https://10.0.0.5:8443; "S=-" goes back.
                       S may be left out where there is only one. May be given more than once, as the next three
  --weight S=N         its weight
  --pause-server S     sends it no more requests
  --resume-server S    sends it requests again
  --health-path PATH   where its servers are asked for their health; "-" goes back, "" asks them no more
  --remove             back to what the label or file says, in all
  --export FORM        as it is now, as labels, as a Compose file has them, or for a dynamic file
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
    'allow-conflict': { type: 'boolean' },
    tcp: { type: 'boolean' },
    udp: { type: 'boolean' },
    service: { type: 'boolean' },
    ...serverOptions,
    'health-path': { type: 'string' },
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
    const wishes = serverWishes(input);
    return withEngine(input, async (client) => {
      const target = await targetOf(client, name, input);
      if (form !== undefined) {
        const text = await client.overrides.export(target);
        if (form === 'labels') for (const label of text.labels) terminal.out(label);
        else terminal.text(text[form].trimEnd());
        return 0;
      }
      if (flagOption(input, 'remove')) {
        await client.overrides.remove(target);
        terminal.out(
          `${target.name} is as its ${sourceWord(target.name)} says again. Take it back with: gatehouse undo`,
        );
        return 0;
      }
      if (Object.keys(wanted).length + wishes.length === 0) {
        throw new UsageError(
          'Say what is to be otherwise, such as --host photos.example.org. See: gatehouse override --help',
        );
      }
      const servers = wishes.length === 0 ? {} : { servers: editsAfter(await client.overrides.plan(target), wishes) };
      const allowConflict = flagOption(input, 'allow-conflict');
      const { override: made } = await client.overrides.set({ ...target, ...wanted, ...servers, allowConflict });
      if (flagOption(input, 'json')) printJson(terminal, made);
      else if (made === null) terminal.out(`${target.name} is as its ${sourceWord(target.name)} says again.`);
      else {
        terminal.out(`${made.name}: ${wordsOf(made)}`);
        terminal.out(`Take it back with: gatehouse override ${made.name}${flagsOf(made)} --remove`);
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
    const rows = overrides.map((each) => [
      each.name,
      `${each.protocol ?? 'http'} ${each.object}`,
      wordsOf(each),
      stateWords[each.state],
    ]);
    for (const line of tableLines(['NAME', 'KIND', 'EDITED', 'STATE'], rows)) input.terminal.out(line);
  }
  return 0;
}

const stateWords: Readonly<Record<Override['state'], string>> = {
  applied: 'applied',
  changed: 'applied; the label or file has changed since',
  waiting: 'waits: it is not there now',
};

function flagsOf({ object, protocol }: Target): string {
  return `${protocol === undefined ? '' : ` --${protocol}`}${object === 'service' ? ' --service' : ''}`;
}

function wordsOf({ host, middlewares, protection, servers, healthCheckPath, paused }: Override): string {
  return [
    ...(host === null ? [] : [`host ${host}`]),
    ...(middlewares === null ? [] : [`middlewares ${middlewares.join(', ') || 'none'}`]),
    ...(protection === null ? [] : [protection.kind === 'password' ? 'password' : 'allow-list']),
    ...serverWords(servers ?? []),
    ...(healthCheckPath === null ? [] : [healthCheckPath === '' ? 'no health check' : `health at ${healthCheckPath}`]),
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
  const healthPath = textOption(input, 'health-path');
  const pause = flagOption(input, 'pause');
  const resume = flagOption(input, 'resume');
  if (pause && resume) throw new UsageError('--pause and --resume contradict each other.');
  return {
    ...(host === undefined ? {} : { host: host === '-' ? null : host }),
    ...(middlewares === undefined ? {} : { middlewares: middlewares === '-' ? null : namesOf(middlewares) }),
    ...(protection === undefined ? {} : { protection: protection.kind === 'none' ? null : protection }),
    ...(healthPath === undefined ? {} : { healthCheckPath: healthPath === '-' ? null : healthPath }),
    ...(pause ? { paused: true } : resume ? { paused: false } : {}),
  };
}

function namesOf(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

async function targetOf(client: GatehouseClient, name: string, input: CommandInput): Promise<Target> {
  const [tcp, udp] = [flagOption(input, 'tcp'), flagOption(input, 'udp')];
  if (tcp && udp) throw new UsageError('--tcp and --udp contradict each other.');
  const object = flagOption(input, 'service') ? 'service' : 'router';
  const protocol: Target['protocol'] = tcp ? 'tcp' : udp ? 'udp' : undefined;
  const kind: Omit<Target, 'name'> = { object, ...(protocol === undefined ? {} : { protocol }) };
  return { ...kind, name: await qualified(client, name, kind) };
}

/** `photos` is `photos@docker` where no other provider has one of that name. */
async function qualified(
  client: GatehouseClient,
  name: string,
  { object, protocol }: Pick<Target, 'object' | 'protocol'>,
): Promise<string> {
  if (name.includes('@')) return name;
  const known: readonly (RouterView | ServiceView)[] =
    object === 'service' ? await client.services.list() : await client.routers.list();
  const named = known.filter((each) => isEditableProvider(each.provider) && each.name === `${name}@${each.provider}`);
  const found = named.filter((each) => each.protocol === protocol).map((each) => each.name);
  if (found.length === 1) return found[0] ?? name;
  if (found.length > 1) {
    throw new CommandError(`There are several: ${found.join(', ')}.`, 'Write one of them in full.');
  }
  const [other] = named;
  const elsewhere =
    other &&
    `There is one of ${(other.protocol ?? 'http').toUpperCase()}: ${other.protocol === undefined ? 'leave out --tcp and --udp' : `add --${other.protocol}`}.`;
  throw new CommandError(
    `No label and no file has a ${protocol === undefined ? '' : `${protocol.toUpperCase()} `}${object} ${name}.`,
    elsewhere ?? `See what there is: gatehouse ${object}s`,
  );
}
