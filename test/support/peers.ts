import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Why a test cannot run here, with what to do about it; null where all programs are there. By program: Debian's package. */
export function missingPeers(packages: Readonly<Record<string, string>>): string | null {
  const missing = Object.entries(packages).filter(([program]) => !isOnPath(program));
  if (missing.length === 0) return null;
  const [programs, names] = [missing.map(([program]) => program), missing.map(([, name]) => name)];
  return `${programs.join(' and ')} not installed: apt-get install ${[...new Set(names)].join(' ')}`;
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
