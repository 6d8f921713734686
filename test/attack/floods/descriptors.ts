import { spawnSync } from 'node:child_process';

const wanted = 200_000;

/** A shell that lets what it becomes have as many files and sockets as the system grants, up to many. */
export const generous = ['sh', '-c', `ulimit -n ${wanted} 2>/dev/null; exec "$@"`, 'sh'] as const;

let granted: number | null = null;

/** Files and sockets that each process of an attack may have open. */
export function grantedDescriptors(): number {
  granted ??= findGranted();
  return granted;
}

function findGranted(): number {
  const [program, ...args] = generous;
  const printing = 'process.stdout.write(String(process.report.getReport().userLimits.open_files.soft))';
  const { stdout } = spawnSync(program, [...args, process.execPath, '-e', printing], { encoding: 'utf8' });
  return Number(stdout) || wanted;
}

/** For everything but connections. */
const spareDescriptors = 500;
const mostProcesses = 8;

/** How a crowd of connections is made by several processes, as none may have so many. */
export function crowdOf(
  connections: number,
  descriptors: number,
): { readonly processes: number; readonly each: number } {
  const most = Math.max(1, descriptors - spareDescriptors);
  const processes = Math.min(mostProcesses, Math.max(2, Math.ceil(connections / most)));
  return { processes, each: Math.min(most, Math.ceil(connections / processes)) };
}
