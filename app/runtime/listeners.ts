import { setTimeout as delay } from 'node:timers/promises';
import type { EntryPointOptions } from '../../proxy/model/snapshot.ts';
import type { StaticEntryPoint } from '../config/static.ts';
import { problem } from '../problem.ts';
import { type BoundEntryPoint, entryPointOptions, listensWithTls } from './entry-points.ts';
import { type Probe, planListening, probeAddress, probeUdpAddress, sharedProbe } from './listen.ts';
import { type PortOwner, portOwner } from './port-owner.ts';
import { same } from './same.ts';
import type { WorkerPool } from './worker-pool.ts';

export interface Listeners {
  readonly bound: () => readonly BoundEntryPoint[];
  /** Opens, moves and closes listeners until they are as asked for. One call at a time; later ones wait. */
  readonly apply: (entryPoints: readonly StaticEntryPoint[]) => Promise<void>;
}

/** Requests under way on a listener that closes have this long to finish. */
const graceMs = 10_000;
/** Workers need a moment to close a port before it can be opened again. */
const closingMs = 2000;

export function createListeners(options: {
  readonly pool: WorkerPool;
  readonly reusePort: boolean;
  readonly onChange: () => void;
  readonly probe?: Probe;
}): Listeners {
  const { pool, reusePort } = options;
  const probeFor = (asked: Pick<StaticEntryPoint, 'transport' | 'reusePort'>): Probe => {
    const probe = options.probe ?? (asked.transport === 'udp' ? probeUdpAddress : probeAddress);
    return asked.reusePort === true ? sharedProbe(probe) : probe;
  };
  // Only TCP's tables are looked into.
  const ownerFor = ({ transport }: StaticEntryPoint) =>
    transport === 'udp' ? () => Promise.resolve<PortOwner>({ kind: 'unknown' }) : portOwner;
  let bound: readonly BoundEntryPoint[] = [];
  let open: ReadonlyMap<string, EntryPointOptions> = new Map();
  let turn: Promise<void> = Promise.resolve();

  const apply = async (entryPoints: readonly StaticEntryPoint[]): Promise<void> => {
    const before = new Map(bound.map((each) => [each.entryPoint.name, each]));
    const unchanged = (next: StaticEntryPoint): BoundEntryPoint | undefined => {
      const known = before.get(next.name);
      return known?.bound != null &&
        known.entryPoint.address === next.address &&
        known.entryPoint.transport === next.transport &&
        known.tls === listensWithTls(next, entryPoints)
        ? known
        : undefined;
    };
    // Ports that are left are closed first, so that entry points can swap addresses.
    const left = [...open.values()].filter(({ name }) => {
      const next = entryPoints.find((each) => each.name === name);
      return next === undefined || unchanged(next) === undefined;
    });
    pool.unlisten(
      left.map(({ name }) => name),
      graceMs,
    );
    const leaving = new Set(left.map(({ port }) => port));

    const next: BoundEntryPoint[] = [];
    for (const entryPoint of entryPoints) {
      const tls = listensWithTls(entryPoint, entryPoints);
      const known = unchanged(entryPoint);
      if (known !== undefined) next.push({ ...known, entryPoint, tls });
      else
        next.push({
          ...(await planListening(entryPoint, patient(probeFor(entryPoint), leaving), ownerFor(entryPoint))),
          tls,
        });
    }
    const wanted = new Map<string, EntryPointOptions>();
    for (const each of next) {
      const made = entryPointOptions(each, next, reusePort);
      if (made !== null) wanted.set(made.name, made);
    }
    // What stays at its place with other options (a redirect to a port that has moved) is opened anew as well.
    const reopened = [...wanted.values()].filter(
      ({ name }) => open.has(name) && !same(open.get(name), wanted.get(name)),
    );
    const stale = reopened.filter(({ name }) => !left.some((each) => each.name === name));
    pool.unlisten(
      stale.map(({ name }) => name),
      graceMs,
    );
    for (const { transport, host, port } of stale) {
      await patient(probeFor(transport === undefined ? {} : { transport }), new Set([port]))(host, port);
    }

    const fresh = [...wanted.values()].filter(({ name }) => !same(open.get(name), wanted.get(name)));
    const results = await pool.listen(fresh);
    const failed = new Map(results.flatMap((each) => (each.failure === null ? [] : [[each.entryPoint, each.failure]])));
    pool.unlisten([...failed.keys()], 0);
    for (const name of failed.keys()) wanted.delete(name);
    open = wanted;
    bound = next.map((each) => {
      const failure = failed.get(each.entryPoint.name);
      return failure === undefined ? each : { ...each, bound: null, problems: [...each.problems, late(each, failure)] };
    });
    options.onChange();
  };

  return {
    bound: () => bound,
    apply: (entryPoints) => {
      const mine = turn.then(() => apply(entryPoints));
      turn = mine.catch(() => undefined);
      return mine;
    },
  };
}

/** Asks again for a while where the port is one that the workers are closing. */
function patient(probe: Probe, leaving: ReadonlySet<number>): Probe {
  return async (host, port) => {
    const deadline = performance.now() + closingMs;
    for (;;) {
      const result = await probe(host, port);
      if (result.ok || result.code !== 'EADDRINUSE' || !leaving.has(port) || performance.now() > deadline)
        return result;
      await delay(5);
    }
  };
}

/** Free when it was tried, and refused a moment later. */
function late({ entryPoint }: BoundEntryPoint, failure: { readonly code: string; readonly message: string }) {
  const { name, address } = entryPoint;
  return problem(
    failure.code === 'EACCES' ? 'PORT_FORBIDDEN' : failure.code === 'EADDRINUSE' ? 'PORT_IN_USE' : 'ADDRESS_INVALID',
    'error',
    `The entry point ${name} cannot listen on ${address}: ${failure.message}.`,
    `Choose another address for ${name} in Settings › Entry points.`,
    { entryPoint: name, address, reason: failure.message },
  );
}
