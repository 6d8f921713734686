import type { Exposure, Protection } from '../contract/objects.ts';
import {
  type Command,
  CommandError,
  type CommandInput,
  flagOption,
  numberOption,
  textOption,
  textsOption,
  UsageError,
} from './command.ts';
import { withEngine } from './engine-client.ts';
import { printJson, problemLines } from './words.ts';

export const expose: Command = {
  help: `gatehouse expose CONTAINER [--host HOST] [--port N] [--name NAME] [--scheme http|https]
                 [--protect none|password|allow-list] [--dry-run] [--json]

Puts a container on HTTPS. What is not said is proposed: the host from its name and your domain, the port from the
container. CONTAINER is a name, or the beginning of an id.

  --host HOST        name under which it answers
  --port N           port of the container
  --name NAME        name of the router and service
  --scheme SCHEME    how the container itself speaks: http (default) or https
  --protect KIND     none (default), password, or allow-list
  --user NAME        user name for "password" (default: admin)
  --password TEXT    password; else it is asked for, or read from a pipe
  --allow CIDR       addresses for "allow-list"; may be given more than once
  --dry-run          show what would be done
  --json             the exposure object`,
  options: {
    host: { type: 'string' },
    port: { type: 'string' },
    name: { type: 'string' },
    scheme: { type: 'string' },
    protect: { type: 'string' },
    user: { type: 'string' },
    password: { type: 'string' },
    allow: { type: 'string', multiple: true },
    'dry-run': { type: 'boolean' },
    json: { type: 'boolean' },
  },
  positionals: [1, 1],
  async run(input) {
    const { terminal } = input;
    const port = numberOption(input, 'port', { min: 1, max: 65_535 });
    const host = textOption(input, 'host');
    const name = textOption(input, 'name');
    const wanted = {
      container: input.positionals[0] ?? '',
      ...(host === undefined ? {} : { host }),
      ...(name === undefined ? {} : { name }),
      ...(port === undefined ? {} : { port }),
      ...schemeOf(input),
      ...(await protectionOf(input)),
    };
    return withEngine(input, async (client) => {
      if (flagOption(input, 'dry-run')) {
        const plan = await client.exposures.plan(wanted);
        if (flagOption(input, 'json')) printJson(terminal, plan);
        else {
          const { url, rule, entryPoint, middlewares, serverUrl } = plan.preview;
          const road = [entryPoint, rule, ...middlewares, serverUrl ?? 'no server yet'];
          terminal.out(`${url} would lead to ${plan.container}:`);
          terminal.out(`  ${road.join(' → ')}`);
          for (const line of problemLines(terminal, '', plan.problems)) terminal.out(line);
        }
        return plan.problems.some(({ severity }) => severity === 'error') ? 1 : 0;
      }
      const { exposure } = await client.exposures.create(wanted);
      if (flagOption(input, 'json')) printJson(terminal, exposure);
      else for (const line of exposedLines(exposure)) terminal.out(line);
      for (const line of problemLines(terminal, '', exposure.problems)) terminal.error(line);
      return 0;
    });
  },
};

function exposedLines({ name, url, state, target }: Exposure): string[] {
  const first =
    state === 'live'
      ? `${target.container} answers at ${url}`
      : `${target.container} will answer at ${url} once it can.`;
  return [first, `Take it off again with: gatehouse unexpose ${name}`];
}

function schemeOf(input: CommandInput): { scheme?: 'http' | 'https' } {
  const scheme = textOption(input, 'scheme');
  if (scheme === undefined) return {};
  if (scheme !== 'http' && scheme !== 'https') throw new UsageError(`--scheme is http or https, not "${scheme}".`);
  return { scheme };
}

export async function protectionOf(input: CommandInput): Promise<{ protection?: Protection }> {
  const kind = textOption(input, 'protect');
  const sourceRange = [...textsOption(input, 'allow')];
  const given = textOption(input, 'password');
  switch (kind) {
    case undefined:
      // Half a wish must not end in an open door.
      if (sourceRange.length > 0) throw new UsageError('--allow goes with --protect allow-list.');
      if (given !== undefined) throw new UsageError('--password goes with --protect password.');
      return {};
    case 'none':
      return { protection: { kind: 'none' } };
    case 'allow-list':
      if (sourceRange.length === 0)
        throw new UsageError('Say who may come with --allow, such as --allow 192.168.1.0/24.');
      return { protection: { kind: 'allowList', sourceRange } };
    case 'password': {
      const password = given ?? (await input.terminal.readSecret('Password for visitors: '));
      if (password === null) throw new CommandError('No password was given; nothing was changed.');
      return { protection: { kind: 'password', username: textOption(input, 'user') ?? 'admin', password } };
    }
    default:
      throw new UsageError(`--protect is none, password or allow-list, not "${kind}".`);
  }
}
