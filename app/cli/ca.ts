import { writeFile } from 'node:fs/promises';
import { type Command, CommandError, textOption, UsageError } from './command.ts';
import { withEngine } from './engine-client.ts';

export const ca: Command = {
  help: `gatehouse ca export [--out FILE]

Prints the certificate of the internal CA (PEM), to be trusted by browsers and systems. Its key stays in the engine.

  --out FILE  write it to a file instead`,
  options: { out: { type: 'string', short: 'o' } },
  positionals: [1, 1],
  async run(input) {
    if (input.positionals[0] !== 'export') throw new UsageError('gatehouse ca export [--out FILE]');
    const { certificatePem, fingerprint, notAfter } = await withEngine(input, (client) =>
      client.certificateAuthority.export(),
    );
    const out = textOption(input, 'out');
    if (out === undefined) {
      input.terminal.text(certificatePem.trimEnd());
      return 0;
    }
    try {
      await writeFile(out, certificatePem);
    } catch (error) {
      throw new CommandError(`${out} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
    }
    const until = new Date(notAfter).toISOString().slice(0, 10);
    input.terminal.out(`Written to ${out}. SHA-256 ${fingerprint}, good until ${until}.`);
    return 0;
  },
};
