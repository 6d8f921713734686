import { describe, expect, test } from 'vitest';
import type { HttpConfiguration } from '../../proxy/model/dynamic.ts';
import { defaultStaticConfiguration } from '../config/static.ts';
import type { EngineEvent, EngineStatus, ProviderView } from '../contract/objects.ts';
import { createEventHub } from './event-hub.ts';
import { buildRuntime } from './merge.ts';
import { createPicture, type SystemChange } from './picture.ts';
import type { ContainerFacts, ViewSources } from './views.ts';

const { entryPoints } = defaultStaticConfiguration;
const facts = (name: string, id = name): ContainerFacts =>
  ({ id, name, image: `${name}:1`, problems: [] }) as unknown as ContainerFacts;

function setUp() {
  let http: HttpConfiguration = {};
  let containers: ContainerFacts[] = [];
  let docker: ProviderView['state'] = 'connected';
  let previous: ReturnType<typeof buildRuntime> | undefined;
  const news: SystemChange[] = [];
  const events: EngineEvent[] = [];
  const hub = createEventHub({
    onListenerError: () => undefined,
    // Every topic's turn comes at once: what is looked at here is what is sent, not when.
    now: () => events.length * 1000,
  });
  hub.subscribe((event) => events.push(event));
  const sources = (): ViewSources => {
    const origins = { routers: {}, services: {}, middlewares: {} };
    previous = buildRuntime([{ provider: 'docker', configuration: { http }, origins }], entryPoints, 1, previous);
    return {
      state: previous,
      entryPoints: [],
      health: { down: {}, reasons: {} },
      containers: containers.map((each) => ({ facts: each, routers: [] })),
      exposures: [],
      pausedAll: false,
      unbuilt: new Map(),
    };
  };
  const picture = createPicture({
    hub,
    sources,
    certificates: () => [],
    resolvers: () => [],
    status: (views) =>
      ({
        counts: { containers: views.containers.size },
        providers: [{ name: 'docker', state: docker, where: 'unix:///x' }],
      }) as unknown as EngineStatus,
    changes: () => [],
    onSystemChange: (change) => news.push(change),
  });
  return {
    picture,
    events,
    news,
    hub,
    set: (next: { http?: HttpConfiguration; containers?: ContainerFacts[]; docker?: ProviderView['state'] }) => {
      http = next.http ?? http;
      containers = next.containers ?? containers;
      docker = next.docker ?? docker;
      picture.touch();
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const route = (rule: string): HttpConfiguration => ({ routers: { a: { rule, service: 'whoami@internal' } } });

describe('picture', () => {
  test('many touches in one turn make one picture, and only what differs is sent', async () => {
    const { picture, set, events } = setUp();
    picture.snapshot();
    events.length = 0;
    set({ containers: [facts('one')] });
    set({ containers: [facts('one'), facts('two')] });
    set({ http: route('Host(`a`)') });
    expect(events).toEqual([]);
    await turn();
    expect(events.map(({ topic }) => topic)).toEqual(['containers', 'routing', 'status']);
    expect(events[0]).toMatchObject({ containers: { upserted: [{ id: 'one' }, { id: 'two' }], removed: [] } });
    picture.touch();
    await turn();
    expect(events).toHaveLength(3);
  });

  test('a snapshot is never stale, and carries the number that the next event follows', async () => {
    const { picture, set, events, hub } = setUp();
    set({ containers: [facts('one')] });
    const snapshot = picture.snapshot();
    expect(snapshot.containers.map(({ id }) => id)).toEqual(['one']);
    expect(snapshot.revision).toBe(hub.revision());
    set({ containers: [] });
    await turn();
    expect(events.find(({ revision }) => revision === snapshot.revision + 1)).toMatchObject({
      topic: 'containers',
      containers: { removed: ['one'] },
    });
  });

  test('what is there at the start is no news; what comes, goes, breaks and recovers is', async () => {
    const { picture, set, news } = setUp();
    set({ containers: [facts('one')], http: route('Hots(`a`)') });
    await turn();
    picture.beginNews();
    expect(news).toEqual([]);
    set({ containers: [facts('one', 'recreated'), facts('two')], http: route('Host(`a`)') });
    await turn();
    set({ containers: [facts('two')], http: route('Hots(`a`)'), docker: 'lost' });
    await turn();
    set({ docker: 'connected' });
    await turn();
    expect(news.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
      'router.recovered a@docker',
      'container.appeared two',
      'provider.lost docker',
      'router.broke a@docker',
      'container.gone one',
      'provider.connected docker',
    ]);
    expect(news.find(({ kind }) => kind === 'router.broke')?.details['reason']).toContain('Host');
  });

  test('hundreds of events of one moment are cut short', async () => {
    const { picture, set, news } = setUp();
    picture.beginNews();
    set({ containers: Array.from({ length: 500 }, (_, index) => facts(`c${index}`)) });
    await turn();
    expect(news).toHaveLength(20);
  });
});
