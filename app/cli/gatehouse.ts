import { homedir } from 'node:os';
import { parseArgs } from 'node:util';
import { resolveDataDir } from '../operations/data-dir.ts';
import { keepHeapSmall } from '../runtime/heap.ts';
import { type Command, UsageError } from './command.ts';
import { commandNamed, overview } from './commands.ts';
import { createTerminal, type Terminal } from './terminal.ts';
import { version } from './version.ts';

// The gatehouse command. Exit codes: 0 done, 1 failed or found something wrong, 2 called wrongly.

const common = { help: { type: 'boolean', short: 'h' }, 'data-dir': { type: 'string' } } as const;

async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  const [first, ...rest] = args;
  if (first === undefined || first === 'help' || first === '--help' || first === '-h') {
    const asked = first === 'help' ? rest[0] : undefined;
    if (asked !== undefined && commandNamed(asked)) return main([asked, '--help'], terminal);
    terminal.text(overview());
    return first === undefined ? 2 : 0;
  }
  if (first === '--version' || first === '-v' || first === 'version') {
    terminal.out(version);
    return 0;
  }
  const entry = commandNamed(first);
  if (!entry) throw new UsageError(`There is no command "${first}". See: gatehouse --help`);
  if (first === 'serve') keepHeapSmall();
  const command = await entry.load();
  const { flags: taken, left } = command.takes?.(rest) ?? { flags: [], left: rest };
  const parsed = parse(command, left);
  if (parsed.values['help'] === true) {
    terminal.text(command.help);
    return 0;
  }
  const [fewest, most] = command.positionals;
  if (parsed.positionals.length < fewest || parsed.positionals.length > most) {
    const what =
      parsed.positionals.length < fewest ? 'Something is missing.' : `Too much: ${parsed.positionals.at(-1)}.`;
    throw new UsageError(`${what} ${command.help.split('\n')[0] ?? ''}`);
  }
  const flag = parsed.values['data-dir'];
  const dataDir = resolveDataDir({
    flag: typeof flag === 'string' ? flag : undefined,
    env: process.env,
    platform: process.platform,
    homeDir: homedir(),
  });
  return command.run({ dataDir, values: parsed.values, positionals: parsed.positionals, terminal, taken });
}

function parse(command: Command, args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: { ...command.options, ...common }, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split('. ')[0] ?? error.message) : String(error));
  }
}

async function report(error: unknown, terminal: Terminal): Promise<number> {
  if (error instanceof UsageError) {
    for (const line of [error.message, ...error.lines]) terminal.error(line);
    return 2;
  }
  const { explainFailure } = await import('./failure.ts');
  const failure = explainFailure(error);
  if (failure) {
    terminal.error(failure.message);
    for (const line of failure.next?.split('\n') ?? []) terminal.error(line);
  } else {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    for (const line of text.split('\n')) terminal.error(line);
  }
  return 1;
}

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const terminal = createTerminal();
try {
  process.exitCode = await main(process.argv.slice(2), terminal);
} catch (error) {
  process.exitCode = await report(error, terminal);
}
