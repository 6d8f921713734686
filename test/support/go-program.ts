import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Programs that are built on this machine are kept here, outside the checkout. */
export const peersDir = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'gatehouse-peers');

interface GoProgram {
  readonly package: string;
  readonly version: string;
}

/** What tests talk to and Debian does not have. */
const goPrograms: Readonly<Record<string, GoProgram>> = {
  h2spec: { package: 'github.com/summerwind/h2spec/cmd/h2spec', version: 'v2.2.1+incompatible' },
};

/** Path of a program: in these folders first, then on the PATH, then among those built here. Null: nowhere. */
export function findProgram(name: string, firstDirs: readonly string[] = []): string | null {
  const dirs = [...firstDirs, ...(process.env['PATH'] ?? '').split(delimiter), peersDir];
  return dirs.map((dir) => join(dir, name)).find(isExecutable) ?? null;
}

/** Why a program that Go builds is not here, with what to do about it; null where it is. */
export function missingGoProgram(name: string): string | null {
  const program = goPrograms[name];
  if (findProgram(name) !== null || program === undefined) return null;
  return `${name} is not installed: GOBIN=${peersDir} go install ${program.package}@${program.version}`;
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The Go command; null where there is none. */
export function goCommand(): string | null {
  return ['go', '/usr/local/go/bin/go'].find((go) => spawnSync(go, ['version']).status === 0) ?? null;
}

/** Builds what is not here yet. Throws where that fails. */
function buildMissing(): void {
  for (const [name, program] of Object.entries(goPrograms)) {
    if (findProgram(name) !== null) continue;
    const go = goCommand();
    if (go === null) {
      process.stdout.write(`${name}: there is no Go to build it with; tests that need it are skipped\n`);
      continue;
    }
    mkdirSync(peersDir, { recursive: true });
    const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-go-'));
    try {
      execFileSync(go, ['install', `${program.package}@${program.version}`], {
        env: { ...process.env, GOBIN: scratch, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' },
        stdio: ['ignore', 'inherit', 'inherit'],
        timeout: 300_000,
      });
      const built = join(peersDir, `${name}.new`);
      execFileSync('cp', [join(scratch, name), built]);
      renameSync(built, join(peersDir, name));
      process.stdout.write(`${name}: built\n`);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
}

// `node test/support/go-program.ts`
if (process.argv[1] === import.meta.filename) buildMissing();
