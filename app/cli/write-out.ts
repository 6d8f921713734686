import { realpathSync, statSync, writeFileSync } from 'node:fs';
import { writePrivateFile } from '../certificates/files.ts';
import { CommandError } from './command.ts';

/**
 * Writes secrets where somebody said. A file that is there is replaced whole by one that its owner alone may read, so
 * that who could read the old one, or has it open, sees nothing; a link to it stays. Pipes and devices are written to.
 * Throws CommandError.
 */
export function writeOut(path: string, content: string | Uint8Array): void {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found && !found.isFile()) writeFileSync(path, content);
    else writePrivateFile(found ? realpathSync(path) : path, content, { durable: true });
  } catch (error) {
    throw new CommandError(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}
