import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { goCommand, peersDir } from '../../support/go-program.ts';

/** Built once on each machine, outside the checkout, from its module as Go's proxy has it. */
const version = 'v3.7.9';
const programPath = path.join(peersDir, `traefik-${version}`);

interface TraefikProgram {
  readonly path: string | null;
  readonly version: string;
  /** Null where there is one. */
  readonly missing: string | null;
}

let known: TraefikProgram | null = null;

/** The installed one, or one that Go builds here; tried once. */
export function traefikProgram(): TraefikProgram {
  known ??= find();
  return known;
}

function find(): TraefikProgram {
  if (existsSync(programPath)) return { path: programPath, version, missing: null };
  const go = goCommand();
  if (go !== null) {
    try {
      build(go);
      return { path: programPath, version, missing: null };
    } catch (error) {
      console.error(`traefik: it could not be built: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const installed = spawnSync('traefik', ['version'], { encoding: 'utf8' });
  if (installed.status === 0) {
    return { path: 'traefik', version: /Version:\s+(\S+)/.exec(installed.stdout)?.[1] ?? 'unknown', missing: null };
  }
  return { path: null, version, missing: 'install Go, which builds it, or traefik itself' };
}

/** Its module lacks what is generated: the dashboard, and an empty package for extensions. */
function build(go: string): void {
  const module = `github.com/traefik/traefik/v3@${version}`;
  console.error(`traefik: building ${version}, which takes some minutes once`);
  const source = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-bench-traefik-'));
  try {
    const run = (args: readonly string[], cwd: string): string =>
      execFileSync(go, args, {
        cwd,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        maxBuffer: 64 * 1024 * 1024,
        env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' },
      });
    writeFileSync(path.join(source, 'go.mod'), 'module bench\n');
    const { Dir } = JSON.parse(run(['mod', 'download', '-json', module], source)) as { readonly Dir: string };
    const tree = path.join(source, 'traefik');
    cpSync(Dir, tree, { recursive: true });
    execFileSync('chmod', ['-R', 'u+w', tree]);
    mkdirSync(path.join(tree, 'webui/static'), { recursive: true });
    writeFileSync(path.join(tree, 'webui/static/index.html'), '');
    const extensions = path.join(tree, 'pkg/config/dynamic/ext');
    if (!existsSync(extensions)) {
      mkdirSync(extensions, { recursive: true });
      const type = (name: string) =>
        `type ${name} struct{}\n\nfunc (in *${name}) DeepCopyInto(out *${name}) { *out = *in }\n`;
      writeFileSync(path.join(extensions, 'ext.go'), `package ext\n\n${type('HTTP')}\n${type('Router')}`);
      writeFileSync(path.join(extensions, 'go.mod'), 'module github.com/traefik/traefik/dynamic/ext\n');
    }
    mkdirSync(path.dirname(programPath), { recursive: true });
    run(['build', '-o', path.join(source, 'program'), './cmd/traefik'], tree);
    cpSync(path.join(source, 'program'), `${programPath}.new`);
    renameSync(`${programPath}.new`, programPath);
  } finally {
    execFileSync('chmod', ['-R', 'u+w', source]);
    rmSync(source, { recursive: true, force: true });
  }
}
