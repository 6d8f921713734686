import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { defaultClientLimits } from '../../proxy/model/limits.ts';
import type { Log } from '../log.ts';

/** What connections are paid with. */
export interface Means {
  /** Files and sockets that the process may have open at once; null: the system sets no bound, or none is known. */
  readonly descriptors: number | null;
  /** What the machine, or the container, has. */
  readonly memoryBytes: number;
}

/** How many connections of clients there is room for, in all workers. */
export interface ConnectionRoom {
  /** For `ClientLimits.connections`; 0: no bound. */
  readonly connections: number;
  /** What the person who runs Gatehouse should know and do; null: nothing. */
  readonly advice: string | null;
}

/** For files, the database, the dashboard, listeners, and what libraries open. */
const mostKeptBack = 1024;
/** Of a TLS handshake that does not end: no other connection that asks for nothing takes as much. */
const connectionBytes = 96 * 1024;
/** The part of the memory that connections may take. */
const memoryShare = 1 / 4;
/** Below this a crowd that one household can make would fill it. */
const fewConnections = 4000;
/** What the service asks for. */
const descriptorsAdvised = 65_536;

/**
 * `asked` is what the configuration says. Without a word of it each connection has a second descriptor in reserve, for
 * the server that its requests go to. Asked for 0, or for more than there is room for: as many as there are descriptors
 * that are not kept back, as connections that rest need no server.
 */
export function connectionRoom(asked: number | undefined, { descriptors, memoryBytes }: Means): ConnectionRoom {
  const room =
    descriptors === null ? Number.POSITIVE_INFINITY : descriptors - Math.min(mostKeptBack, Math.floor(descriptors / 4));
  if (asked === undefined) {
    const byDescriptors = Math.floor(room / 2);
    const byMemory = Math.floor((memoryBytes * memoryShare) / connectionBytes);
    const connections = Math.max(1, Math.min(defaultClientLimits.connections, byDescriptors, byMemory));
    const isLow = descriptors !== null && byDescriptors < fewConnections;
    return {
      connections,
      advice: isLow ? `This leaves room for ${connections} connections of clients. ${howToRaise(descriptors)}` : null,
    };
  }
  if (descriptors === null) return { connections: asked, advice: null };
  if (asked === 0) return { connections: room, advice: null };
  return {
    connections: Math.min(asked, room),
    advice:
      asked > room
        ? `gatehouse.limits.connections is ${asked}, and there is room for ${room}. ${howToRaise(descriptors)}`
        : null,
  };
}

function howToRaise(descriptors: number): string {
  const wanted = Math.max(descriptorsAdvised, 2 * descriptors);
  return `Raise the bound: LimitNOFILE=${wanted} in the service, --ulimit nofile=${wanted} for a container, or "ulimit -n ${wanted}" before the start.`;
}

/** The same for this process, with the advice in the log. */
export function roomForConnections(asked: number | undefined, log: Pick<Log, 'info' | 'warn'>): ConnectionRoom {
  const means = ownMeans();
  const room = connectionRoom(asked, means);
  log.info('there is room for connections', { connections: room.connections, ...means });
  if (room.advice !== null) {
    log.warn(`The system lets Gatehouse have ${means.descriptors} files and sockets open at once. ${room.advice}`);
  }
  return room;
}

/** What this process has. Node has raised its own bound to the highest that it may have by then. */
export function ownMeans(): Means {
  const constrained = process.constrainedMemory();
  return {
    descriptors: ownDescriptors(),
    memoryBytes: constrained > 0 ? Math.min(constrained, totalmem()) : totalmem(),
  };
}

function ownDescriptors(): number | null {
  if (process.platform === 'win32') return null;
  if (process.platform === 'linux') {
    try {
      const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
      return soft === undefined ? null : Number(soft);
    } catch {
      // A sandbox without /proc: the report below knows, too.
    }
  }
  const { userLimits } = process.report.getReport() as { readonly userLimits?: UserLimits };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : null;
}

/** Node's diagnostic report: a bound that there is not is a word. */
interface UserLimits {
  readonly open_files?: { readonly soft: number | string };
}
