import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { pollUntil } from '../../test/support/poll.ts';
import { loadBalancer, snapshotOf } from '../../test/support/proxy-harness.ts';
import type { RoutingSnapshot } from '../model/snapshot.ts';
import { UpstreamPools } from './pools.ts';
import { createRecorder } from './recorder.ts';
import { type CompiledRouting, compileRouting } from './routing.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('a routing lets go of the one before it', async () => {
  const pools = new UpstreamPools();
  const recorder = createRecorder(() => undefined);
  const compile = (revision: number, previous: CompiledRouting | null): CompiledRouting => {
    const services = {
      'app@test': loadBalancer([`http://127.0.0.1:${revision + 1}`], {
        passiveHealthCheck: { failureWindowMs: 10_000, maxFailedAttempts: 2 },
      }),
    };
    const middlewares = { 'break@test': { circuitBreaker: { expression: `NetworkErrorRatio() > 0.${revision + 1}` } } };
    const routers = [{ middlewares: ['break@test'] }];
    return compileRouting(snapshotOf({ services, middlewares, routers }, revision), previous, pools, recorder);
  };
  const first: { routing: CompiledRouting | null } = { routing: compile(0, null) };
  const old = new WeakRef(first.routing!);
  const second = compile(1, first.routing);
  first.routing = null;
  await pollUntil(() => {
    collectGarbage();
    return old.deref() === undefined;
  }, 20_000);
  expect([second.revision, second.errors]).toEqual([1, []]);
  pools.destroy();
});

test('load balancers that read the same are not built again, keep what they know, and hold no routing', async () => {
  const pools = new UpstreamPools();
  const recorder = createRecorder(() => undefined);
  const snapshots: WeakRef<RoutingSnapshot>[] = [];
  const compile = (revision: number, previous: CompiledRouting | null): CompiledRouting => {
    const services = {
      'same@test': loadBalancer(['http://127.0.0.1:1', 'http://127.0.0.1:2']),
      'other@test': loadBalancer([`http://127.0.0.1:${revision + 10}`]),
    };
    const routers = [
      { name: 'a@test', rule: 'Host(`a.test`)', service: 'same@test' },
      { name: 'b@test', rule: 'Host(`b.test`)', service: 'other@test' },
    ];
    const snapshot = structuredClone(snapshotOf({ services, routers }, revision));
    snapshots.push(new WeakRef(snapshot));
    return compileRouting(snapshot, previous, pools, recorder);
  };
  const first: { routing: CompiledRouting | null } = { routing: compile(0, null) };
  const balancer = first.routing?.balancers.get('same@test');
  const counters = [...(first.routing?.counters.values() ?? [])];
  const other = first.routing?.balancers.get('other@test');
  const second = compile(1, first.routing);
  first.routing = null;
  expect(second.balancers.get('same@test')).toBe(balancer);
  expect(second.balancers.get('other@test')).not.toBe(other);
  expect([...second.counters.values()]).toEqual(counters);
  expect([...second.poolKeys]).toHaveLength(3);
  await pollUntil(() => {
    collectGarbage();
    return snapshots[0]?.deref() === undefined;
  }, 20_000);
  pools.destroy();
});
