import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ImportFile } from '../certificates/import/found.ts';
import { type ImportSource, readImportPath } from '../certificates/import/read.ts';
import { OperationError } from '../operations/error.ts';
import { CommandError, type CommandInput, flagOption, textOption, UsageError } from './command.ts';
import { withEngine } from './engine-client.ts';
import { findCertificate } from './find-certificate.ts';
import { fileOption } from './resolver-options.ts';
import { printJson } from './words.ts';
import { writeOut } from './write-out.ts';

const sources: readonly ImportSource[] = ['traefik', 'certbot', 'nginx-proxy-manager'];

/** Files are read here, with the rights of whoever calls, and handed to the engine, which may have fewer. */
export async function importCertificates(input: CommandInput, from: string, path: string | undefined): Promise<number> {
  const source = sources.find((each) => each === from);
  if (!source || path === undefined) throw new UsageError(`gatehouse certificates import ${sources.join('|')} PATH`);
  const { terminal } = input;
  const files = await filesOf(source, path);
  const report = await withEngine(input, (client) => client.certificates.import({ from: source, files: [...files] }));
  if (flagOption(input, 'json')) {
    printJson(terminal, report);
    return 0;
  }
  for (const { names, resolver, renews, notAfter } of report.taken) {
    const until = new Date(notAfter).toISOString().slice(0, 10);
    const then = renews ? `renewed by ${resolver ?? ''}` : 'not renewed, as no resolver here can do it';
    terminal.out(`${terminal.paint('good', 'taken')}  ${names.join(', ')}  until ${until}, ${then}`);
  }
  for (const { resolver, email, ca, created } of report.accounts) {
    if (created) terminal.out(`${terminal.paint('good', 'taken')}  the account ${email} at ${ca}, by ${resolver}`);
  }
  for (const { message } of report.skipped) terminal.out(`${terminal.paint('warn', 'left')}   ${message}`);
  if (report.taken.length > 0) return 0;
  terminal.error('No certificate was taken.');
  return 1;
}

async function filesOf(source: ImportSource, path: string): Promise<readonly ImportFile[]> {
  try {
    return await readImportPath(source, resolve(path));
  } catch (error) {
    if (error instanceof OperationError) throw new CommandError(error.message);
    throw error;
  }
}

export async function replaceCertificate(input: CommandInput, subject: string): Promise<number> {
  const certificatePem = await fileOption(input, 'cert');
  const privateKeyPem = await fileOption(input, 'key');
  if (certificatePem === undefined || privateKeyPem === undefined) {
    throw new UsageError('gatehouse certificates replace NAME --cert FILE --key FILE');
  }
  return withEngine(input, async (client) => {
    const id = subject === '-' ? undefined : (await findCertificate(client, subject)).id;
    const { certificate } = await client.certificates.upload({
      ...(id === undefined ? {} : { id }),
      certificatePem,
      privateKeyPem,
    });
    if (flagOption(input, 'json')) printJson(input.terminal, certificate);
    else input.terminal.out(`The certificate for ${certificate.names.join(', ')} is in use.`);
    return 0;
  });
}

const formats = { pem: 'chain', chain: 'chain', key: 'key', pfx: 'pfx' } as const;

export async function exportCertificate(input: CommandInput, subject: string): Promise<number> {
  const { terminal } = input;
  const given = textOption(input, 'format') ?? 'pem';
  const format = Object.entries(formats).find(([name]) => name === given)?.[1];
  if (!format) throw new UsageError(`--format is pem, key or pfx, not "${given}".`);
  const out = textOption(input, 'out');
  if (format === 'pfx' && out === undefined) throw new UsageError('A PFX is no text: say where with --out FILE.');
  const passphrase =
    format === 'pfx'
      ? (textOption(input, 'passphrase') ?? (await terminal.readSecret('Passphrase for the file: ')))
      : undefined;
  if (passphrase === null || passphrase === '')
    throw new CommandError('A PFX holds the key, so it needs a passphrase.');
  const file = await withEngine(input, async (client) => {
    const { id } = await findCertificate(client, subject);
    return client.certificates.download({ id, format, ...(passphrase === undefined ? {} : { passphrase }) });
  });
  if (out === undefined) {
    terminal.text(file.content.trimEnd());
    return 0;
  }
  const content = Buffer.from(file.content, file.encoding);
  // What holds a key is its owner's alone; a certificate without it is for everyone who could read the file before.
  if (format === 'chain') await writePublic(out, content);
  else writeOut(out, content);
  terminal.out(`Written to ${out}.`);
  return 0;
}

async function writePublic(path: string, content: Uint8Array): Promise<void> {
  try {
    await writeFile(path, content, { mode: 0o600 });
  } catch (error) {
    throw new CommandError(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}
