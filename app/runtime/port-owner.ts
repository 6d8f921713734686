import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

/** Who holds a TCP port. `process`: its name and id; `hidden`: a process of another user; `unknown`: cannot be told here. */
export type PortOwner =
  | { readonly kind: 'process'; readonly name: string; readonly pid: number }
  | { readonly kind: 'hidden' }
  | { readonly kind: 'unknown' };

const listenState = '0A';

/** Looks in Linux' /proc; elsewhere, and where nothing is found any more, `unknown`. `procDir` is for tests. */
export async function portOwner(port: number, procDir = '/proc'): Promise<PortOwner> {
  if (process.platform !== 'linux') return { kind: 'unknown' };
  const inodes = new Set<string>();
  for (const table of ['tcp', 'tcp6']) {
    for (const inode of listeningInodes(await readText(`${procDir}/net/${table}`), port)) inodes.add(inode);
  }
  if (inodes.size === 0) return { kind: 'unknown' };
  for (const entry of await readdir(procDir).catch(() => [])) {
    if (!/^\d+$/.test(entry)) continue;
    if (!(await holdsSocket(`${procDir}/${entry}/fd`, inodes))) continue;
    const name = await programName(`${procDir}/${entry}`);
    return { kind: 'process', name: name === '' ? 'a process' : name, pid: Number(entry) };
  }
  // The socket is there and no process that may be looked into has it.
  return { kind: 'hidden' };
}

/** How the owner is named within a sentence. */
export function portOwnerWords(owner: PortOwner): string {
  switch (owner.kind) {
    case 'process':
      return owner.pid === process.pid ? 'another part of Gatehouse' : `${owner.name} (pid ${owner.pid})`;
    case 'hidden':
      return "another user's process";
    case 'unknown':
      return 'another program';
  }
}

/** Inodes of the sockets that listen on a port, from a table in the format of /proc/net/tcp (proc(5)). */
function listeningInodes(table: string, port: number): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const inodes: string[] = [];
  for (const line of table.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [, local, , state] = fields;
    const inode = fields[9];
    if (local?.endsWith(wanted) === true && state === listenState && inode !== undefined) inodes.push(inode);
  }
  return inodes;
}

async function holdsSocket(fdDir: string, inodes: ReadonlySet<string>): Promise<boolean> {
  // Of another user, or gone since the folder was read: not to be told either way.
  const descriptors = await readdir(fdDir).catch(() => []);
  for (const descriptor of descriptors) {
    const target = await readlink(`${fdDir}/${descriptor}`).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined && inodes.has(inode)) return true;
  }
  return false;
}

/** Node calls its threads by what they do: "MainThread" would tell nobody which program it is. */
async function programName(processDir: string): Promise<string> {
  const name = (await readText(`${processDir}/comm`)).trim();
  if (name !== 'MainThread') return name;
  const [program = '', script = ''] = (await readText(`${processDir}/cmdline`)).split('\0');
  return [program, script]
    .filter((part) => part !== '' && !part.startsWith('-'))
    .map((part) => basename(part))
    .join(' ');
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
