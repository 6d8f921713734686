import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Backup, unpackBackup } from '../backup/archive.ts';
import { createBackup } from '../backup/create.ts';
import { restoreBackup } from '../backup/restore.ts';
import { Secret } from '../secrets/secrets.ts';
import { type Command, CommandError, type CommandInput, flagOption, textOption } from './command.ts';
import { version } from './version.ts';
import { writeOut } from './write-out.ts';

const shortest = 10;
const notInteractive = 'Give one with --passphrase or through a pipe, or leave secrets out with --no-secrets.';

export const backup: Command = {
  help: `gatehouse backup FILE [--passphrase TEXT | --no-secrets]

Writes everything that was set up into one file: exposed apps, edits, settings, resolvers, certificates with their keys,
DNS credentials, the internal authority. Logs and counts are left out. Works while Gatehouse runs.

What is secret is encrypted with a passphrase of at least ${shortest} characters: it is asked for, or read from a pipe.
Passwords are in it only as hashes.

  --passphrase TEXT  the passphrase
  --no-secrets       no keys, credentials and authority: certificates are ordered anew after a restore, those that were
                     brought are lost, and devices must trust a new authority`,
  options: { passphrase: { type: 'string' }, 'no-secrets': { type: 'boolean' } },
  positionals: [1, 1],
  async run(input) {
    const path = resolve(input.positionals[0] ?? '');
    const passphrase = flagOption(input, 'no-secrets') ? null : await newPassphrase(input);
    const bytes = await createBackup({ dataDir: input.dataDir, passphrase, version });
    writeOut(path, bytes);
    const what = passphrase ? 'with secrets, encrypted' : 'without secrets';
    input.terminal.out(`Written to ${path} (${Math.ceil(bytes.length / 1000)} kB, ${what}).`);
    return 0;
  },
};

export const restore: Command = {
  help: `gatehouse restore FILE [--passphrase TEXT | --no-secrets] [--force]

Puts a backup into the data folder. Gatehouse must not run on it.

  --passphrase TEXT  that of the backup; else it is asked for, or read from a pipe
  --no-secrets       leave out what is secret in it
  --force            put what the folder holds aside (before-restore-TIME), instead of refusing`,
  options: { passphrase: { type: 'string' }, 'no-secrets': { type: 'boolean' }, force: { type: 'boolean' } },
  positionals: [1, 1],
  async run(input) {
    const { terminal, dataDir } = input;
    const path = resolve(input.positionals[0] ?? '');
    const bytes = read(path);
    const looked = unpackBackup(bytes, null);
    const leaveOut = flagOption(input, 'no-secrets') || !looked.isSealed;
    const found: Backup = leaveOut ? looked : unpackBackup(bytes, await knownPassphrase(input));
    const { asidePath } = await restoreBackup({ dataDir, backup: found, force: flagOption(input, 'force') });
    terminal.out(`Restored into ${dataDir} as of ${new Date(found.createdAt).toISOString()}.`);
    if (asidePath !== null) terminal.out(`What was there before is at ${asidePath}.`);
    if (!found.secret) {
      terminal.out(
        'It has no secrets: enter DNS credentials again, and trust the new authority (gatehouse ca export).',
      );
    }
    return 0;
  },
};

async function newPassphrase(input: CommandInput): Promise<Secret> {
  const { terminal } = input;
  const given = textOption(input, 'passphrase');
  const text = given ?? (await terminal.readSecret('Passphrase for the backup: '));
  if (text === null) throw new CommandError('No passphrase was given.', notInteractive);
  if (text.length < shortest) throw new CommandError(`The passphrase must have at least ${shortest} characters.`);
  if (given === undefined && terminal.interactive && (await terminal.readSecret('Once more: ')) !== text) {
    throw new CommandError('The two do not match; nothing was written.');
  }
  return new Secret(text);
}

async function knownPassphrase(input: CommandInput): Promise<Secret> {
  const text = textOption(input, 'passphrase') ?? (await input.terminal.readSecret('Passphrase of the backup: '));
  if (text === null) throw new CommandError('This backup has secrets, and no passphrase was given.', notInteractive);
  return new Secret(text);
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new CommandError(`${path} cannot be read (${reason}).`);
  }
}
