import { readFile } from 'node:fs/promises';
import {
  flagsWithEnvironment,
  loadStaticConfiguration,
  StaticConfigurationError,
  type StaticFlags,
} from '../config/load.ts';
import { splitTraefikFlags } from '../config/static-source.ts';
import type { LogLine } from '../runtime/engine-log.ts';
import { type Command, CommandError, type CommandInput, textOption, textsOption, UsageError } from './command.ts';
import { withEngine } from './engine-client.ts';
import { serveLines } from './serve-lines.ts';
import type { Terminal } from './terminal.ts';

/** A whole group of processes may get a signal, and npm's scripts pass theirs on: two within this time are one. */
const sameSignalMs = 1000;

export const serve: Command = {
  help: `gatehouse serve [--config FILE] [--http ADDR] [--https ADDR] [--dashboard ADDR] [--docker [NAME=]ENDPOINT]...
                [--file PATH] [--domain DOMAIN] [--compatibility secure|traefik] [--data-dir DIR]

Runs Gatehouse until it is stopped. Without options it listens on :80 and :443 (or 8080 and 8443 where it may not),
finds Docker by itself, and serves its dashboard on http://127.0.0.1:8686.

  --config FILE      a Traefik static file (YAML or TOML); --configFile is the same
  --http ADDR        plain HTTP, such as :8080 or 127.0.0.1:8080
  --https ADDR       HTTPS
  --dashboard ADDR   the dashboard; an address that others can reach is served over HTTPS once a password is set
  --docker ENDPOINT  such as unix:///var/run/docker.sock or tcp://HOST:2375; "off" leaves this machine's Docker alone
  --docker NAME=ENDPOINT
                     a further daemon, such as nas=tcp://192.168.1.5:2375; may be given several times. Its containers
                     are nas/photos, its routers photos@docker-nas
  --file PATH        a Traefik dynamic file, or a folder of them
  --domain DOMAIN    new apps are proposed as NAME.DOMAIN
  --compatibility traefik
                     reads requests and options as Traefik does, also where that is less safe (docs/compatibility.md);
                     gatehouse.compatibility in a static file is the same. Left out, it is "secure"

Traefik's own flags (--entryPoints.web.address=:80, --providers.docker …) and variables (TRAEFIK_ENTRYPOINTS_WEB_ADDRESS,
…) are read as Traefik reads them: where a file is named they are left out, and where there are flags the variables are.
The options above come on top.

Each of those may be given as a variable too (GATEHOUSE_CONFIG, GATEHOUSE_HTTP, …). GATEHOUSE_WORKERS sets the number of workers.
SIGTERM and SIGINT let requests under way finish; a second one stops at once.`,
  options: {
    config: { type: 'string' },
    http: { type: 'string' },
    https: { type: 'string' },
    dashboard: { type: 'string' },
    docker: { type: 'string', multiple: true },
    file: { type: 'string' },
    domain: { type: 'string' },
    compatibility: { type: 'string' },
  },
  takes: splitTraefikFlags,
  positionals: [0, 0],
  async run(input) {
    const { terminal, dataDir } = input;
    const workers = workersOf(process.env['GATEHOUSE_WORKERS']);
    const { configuration, warnings } = await configurationOf(input);
    for (const { where, message } of warnings) {
      terminal.error(`${where}: ${terminal.paint('warn', 'warning')}: ${message}`);
    }

    const signal = terminal.stopped();
    const { startEngine } = await import('../engine.ts');
    const engine = await startEngine({
      dataDir,
      configuration,
      ...(workers === undefined ? {} : { workers }),
      log: (line) => printLogLine(terminal, line, configuration.log?.filePath === null),
    });
    // An equal client, as all others: what is printed is what they see.
    const { dashboard } = engine.context.snapshot().status;
    const isOpen = dashboard.url !== '' || dashboard.lanUrl !== null;
    const link = isOpen ? await withEngine(input, (client) => client.access.signInLink()) : null;
    const lines = serveLines(
      terminal,
      engine.context.snapshot(),
      link?.url ?? null,
      commandOf(textOption(input, 'data-dir')),
    );
    for (const line of lines) terminal.out(line);

    await stopped(signal);
    const stoppingAt = performance.now();
    const stopAtOnce = (): void => {
      if (performance.now() - stoppingAt > sameSignalMs) process.exit(1);
    };
    process.on('SIGINT', stopAtOnce);
    process.on('SIGTERM', stopAtOnce);
    terminal.error('Stopping; requests under way may finish.');
    await engine.stop();
    return 0;
  },
};

/**
 * How other commands on this engine begin; `npm start` says that it is a checkout, where there is no `gatehouse` on the
 * PATH.
 */
function commandOf(dataDir: string | undefined): (command: string) => string {
  const name = process.env['GATEHOUSE_COMMAND'] ?? 'gatehouse';
  return (command) => `${name} ${command}${dataDir === undefined ? '' : ` --data-dir ${dataDir}`}`;
}

/**
 * What goes wrong while it runs, or Traefik's log where that goes to the standard output. Everything, with its details,
 * is in engine.log in the data folder.
 */
function printLogLine(terminal: Terminal, { level, message, details, text }: LogLine, isLogOfTraefik: boolean): void {
  if (isLogOfTraefik) {
    if (text !== null) terminal.out(text.trimEnd());
    return;
  }
  if (level === 'info') return;
  const { error } = details;
  const why = error instanceof Error ? `: ${error.message}` : '';
  terminal.error(
    `${terminal.paint(level === 'error' ? 'bad' : 'warn', level === 'error' ? 'error:' : 'warning:')} ${message}${why}`,
  );
}

function workersOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > 256) {
    throw new UsageError(`GATEHOUSE_WORKERS must be a whole number from 1 to 256, not "${text}".`);
  }
  return count;
}

async function configurationOf(input: CommandInput): Promise<ReturnType<typeof loadStaticConfiguration>> {
  const names = ['config', 'http', 'https', 'dashboard', 'file', 'domain', 'compatibility'] as const;
  const flags: StaticFlags = {
    ...Object.fromEntries(names.map((name) => [name, textOption(input, name)])),
    docker: textsOption(input, 'docker'),
  };
  const { config } = flagsWithEnvironment(flags, process.env);
  try {
    const file = config === undefined ? null : { path: config, text: await readConfig(config) };
    return loadStaticConfiguration({ flags, traefikFlags: input.taken, env: process.env, file });
  } catch (error) {
    if (error instanceof StaticConfigurationError) {
      const [message = '', ...lines] = error.message.split('\n');
      throw new UsageError(message, lines);
    }
    throw error;
  }
}

async function readConfig(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`The configuration file ${path} cannot be read: ${reason}`);
  }
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
