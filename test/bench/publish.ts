import { defaultStaticConfiguration } from '../../app/config/static.ts';
import { mergeConfigurations } from '../../app/providers/docker/configuration.ts';
import type { InspectedContainer } from '../../app/providers/docker/container.ts';
import { containerConfiguration } from '../../app/providers/docker/container-configuration.ts';
import { buildRuntime } from '../../app/runtime/merge.ts';
import { toRoutingSnapshot } from '../../app/runtime/snapshot.ts';
import type { RuntimeState } from '../../app/runtime/state.ts';
import { middlewareTable } from '../../proxy/middleware/table.ts';
import { buildRouteTable } from '../../proxy/rule/route-table.ts';
import { testContainer } from '../support/container.ts';
import { median, type Row } from './report.ts';

const { entryPoints, docker } = defaultStaticConfiguration;

function labelled(name: string, host: string): InspectedContainer {
  return testContainer({
    name,
    labels: { 'traefik.enable': 'true', [`traefik.http.routers.${name}.rule`]: `Host(\`${host}\`)` },
  });
}

/** From containers to the table that workers match by; time of one processor, milliseconds. */
export function measurePublish(): Promise<Row[]> {
  const read = (container: InspectedContainer, all: readonly InspectedContainer[]) =>
    containerConfiguration(container, docker, { middlewareTable, addresses: { kind: 'direct' } }, all);
  const publish = (configurations: Parameters<typeof mergeConfigurations>[0], previous?: RuntimeState) => {
    const { publication } = mergeConfigurations(configurations);
    const state = buildRuntime([publication], entryPoints, 1, previous);
    const snapshot = toRoutingSnapshot(state, entryPoints, { pausedAll: false });
    buildRouteTable(snapshot.routers.map(({ name, rule, priority }) => ({ name, rule, priority, target: name })));
    return state;
  };

  const many = Array.from({ length: 10_000 }, (_, n) => labelled(`app${n}`, `app${n}.example.org`));
  const manyRead = many.map((container) => read(container, many));
  const started = process.cpuUsage();
  publish(manyRead);
  const compiled = process.cpuUsage(started);

  const thousand = many.slice(0, 1000);
  const configurations = thousand.map((container) => read(container, thousand));
  let state = publish(configurations);
  const changes: number[] = [];
  for (let n = 0; n < 20; n++) {
    const changed = labelled('app500', `changed${n}.example.org`);
    const before = process.cpuUsage();
    const next = configurations.with(500, read(changed, thousand));
    state = publish(next, state);
    const used = process.cpuUsage(before);
    changes.push((used.user + used.system) / 1000);
  }
  const common = { scenario: 'publishing', program: 'gatehouse', unit: 'ms' } as const;
  return Promise.resolve([
    {
      ...common,
      figure: 'compiling 10,000 routers',
      value: (compiled.user + compiled.system) / 1000,
      goal: { atMost: 1000 },
    },
    {
      ...common,
      figure: 'one change among 1,000 containers, median of 20',
      value: median(changes),
      goal: { atMost: 20 },
    },
  ]);
}
