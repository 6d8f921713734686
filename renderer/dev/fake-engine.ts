import { createRouterClient, implement, ORPCError } from '@orpc/server';
import { contract } from '../../app/contract/contract.ts';
import type {
  Change,
  EngineEvent,
  Exposure,
  ExposurePlan,
  Override,
  RouterView,
  Settings,
  Snapshot,
} from '../../app/contract/objects.ts';
import type { RequestRecord } from '../../proxy/model/request-record.ts';
import type { GatehouseClient } from '../client/contract.ts';
import { matcherOf } from '../client/log-filter.ts';
import type { Transport } from '../client/transport.ts';
import { fakeCertificates, fakeResolvers } from './fake-certificates.ts';
import { fakeExplanation } from './fake-explain.ts';
import { fakeCertificateOperations } from './fake-orders.ts';
import {
  assertFakeHostFree,
  editAfter,
  fakeOverrideExport,
  fakeOverridePlan,
  fakeOverrides,
  findItem,
  overrideKey,
  withEdit,
} from './fake-overrides.ts';
import { fakeRecord, fakeSeries, fakeTick, seeded } from './fake-traffic.ts';
import { type FakeKind, fakeSettings, fakeSnapshot } from './fake-world.ts';

type NewEvent = EngineEvent extends infer E ? (E extends EngineEvent ? Omit<E, 'revision'> : never) : never;

type OverrideTarget = Pick<Override, 'object' | 'protocol' | 'name'>;

const burst = 5000;

/** The contract in memory: the same schemas judge what goes in and out as in the engine. */
export function createFakeEngine(kind: FakeKind): GatehouseClient {
  const now = Date.now();
  const random = seeded(42);
  const listeners = new Set<(event: EngineEvent) => void>();
  const stored: RequestRecord[] = [];
  let sequence = 0;
  const world = fakeSnapshot(kind, now);
  let picture: Snapshot = {
    ...world,
    certificates: fakeCertificates(kind, now, world.routers),
    resolvers: fakeResolvers(kind, now),
  };
  let settings: Settings = fakeSettings();
  let tokens = [{ id: 'tok-1', name: 'Home Assistant', createdAt: now - 9e8, lastUsedAt: now - 4e5 }];
  const undoes = new Map<string, () => void>();
  const silent = kind === 'empty';
  const busy = kind === 'thousand';

  const emit = (event: NewEvent): void => {
    picture = { ...picture, revision: picture.revision + 1 };
    const full: EngineEvent = { ...event, revision: picture.revision };
    for (const listener of listeners) listener(full);
  };
  const makeRecords = (count: number, until: number): RequestRecord[] =>
    Array.from({ length: count }, (_, index) => {
      sequence += 1;
      return fakeRecord(picture, random, until - (count - index) * (busy ? 4 : 170), sequence);
    });
  if (!silent) stored.push(...makeRecords(busy ? 3000 : 400, now));

  const changed = (change: Omit<Change, 'id' | 'at' | 'actor'>, undo: (() => void) | null): Change => {
    const entry: Change = {
      ...change,
      id: `chg-${Date.now()}-${picture.changes.length}`,
      at: Date.now(),
      actor: 'dashboard',
    };
    if (undo) undoes.set(entry.id, undo);
    picture = { ...picture, changes: [entry, ...picture.changes] };
    emit({ topic: 'changes', changes: [entry] });
    return entry;
  };

  const restore = (before: Snapshot): void => {
    const gone = <T>(was: readonly T[], is: readonly T[], key: (item: T) => string): string[] => {
      const keys = new Set(was.map(key));
      return is.map(key).filter((one) => !keys.has(one));
    };
    const after = picture;
    picture = { ...before, revision: picture.revision, changes: picture.changes };
    emit({ topic: 'containers', containers: { upserted: [...before.containers], removed: [] } });
    emit({
      topic: 'routing',
      routers: { upserted: [...before.routers], removed: gone(before.routers, after.routers, (one) => one.name) },
      services: { upserted: [...before.services], removed: gone(before.services, after.services, (one) => one.name) },
      middlewares: { upserted: [], removed: [] },
    });
    emit({ topic: 'exposures', exposures: [...before.exposures] });
    emit({ topic: 'status', status: before.status });
  };

  /** Writes an exposure with its router, service and container; null removes it. */
  const write = (id: string, exposure: Exposure | null): void => {
    const old = picture.exposures.find((one) => one.id === id);
    const name = `${(exposure ?? old)?.name}@gatehouse`;
    const container = picture.containers.find((one) => one.name === (exposure ?? old)?.target.container);
    const live = exposure && !exposure.paused ? exposure : null;
    if (container) {
      const next = {
        ...container,
        exposure: live ? ('exposed' as const) : exposure ? ('paused' as const) : ('none' as const),
        problems: [],
        routers: live ? [name] : [],
        urls: live ? [live.url] : [],
        exposureId: exposure?.id ?? null,
      };
      picture = { ...picture, containers: picture.containers.map((one) => (one.id === next.id ? next : one)) };
      emit({ topic: 'containers', containers: { upserted: [next], removed: [] } });
    }
    const source = { kind: 'exposure' as const, exposureId: id };
    const router = live && {
      name,
      provider: 'gatehouse',
      status: 'enabled' as const,
      problems: [],
      rule: `Host(\`${live.host}\`)`,
      priority: 30,
      entryPoints: ['websecure'],
      middlewares: [],
      service: name,
      tls: true,
      hosts: [live.host],
      urls: [live.url],
      source,
    };
    const service = live && {
      name,
      provider: 'gatehouse',
      status: 'enabled' as const,
      problems: [],
      type: 'loadBalancer' as const,
      servers: [
        {
          url: `${live.scheme}://${container?.networks[0]?.address}:${live.port}`,
          weight: 1,
          health: 'unchecked' as const,
          reason: null,
        },
      ],
      passHostHeader: true,
      sticky: false,
      healthCheck: null,
      serversTransport: null,
      usedBy: [name],
      source,
    };
    const exposures = [...picture.exposures.filter((one) => one.id !== id), ...(exposure ? [exposure] : [])];
    picture = {
      ...picture,
      exposures,
      routers: [...picture.routers.filter((one) => one.name !== name), ...(router ? [router] : [])],
      services: [...picture.services.filter((one) => one.name !== name), ...(service ? [service] : [])],
    };
    emit({
      topic: 'routing',
      routers: { upserted: router ? [router] : [], removed: router ? [] : [name] },
      services: { upserted: service ? [service] : [], removed: service ? [] : [name] },
      middlewares: { upserted: [], removed: [] },
    });
    emit({ topic: 'exposures', exposures });
  };

  const planOf = (input: {
    container: string;
    name?: string | undefined;
    host?: string | undefined;
    port?: number | undefined;
    scheme?: 'http' | 'https' | undefined;
    protection?: ExposurePlan['protection'] | undefined;
  }): ExposurePlan => {
    const container = picture.containers.find(
      (one) => one.id.startsWith(input.container) || one.name === input.container,
    );
    if (!container)
      throw new ORPCError('NOT_FOUND', {
        message: `There is no container ${input.container}.`,
        data: { reason: 'CONTAINER_UNKNOWN' },
      });
    const name = input.name ?? container.name;
    const host = input.host ?? `${name}.${settings.domain}`;
    const port = input.port ?? container.ports[0]?.port ?? null;
    const scheme = input.scheme ?? 'http';
    const taken = picture.routers.find((one) => one.hosts.includes(host) && one.source.kind === 'label');
    const protection = input.protection ?? { kind: 'none' as const };
    return {
      containerId: container.id,
      container: container.name,
      name,
      host,
      port,
      scheme,
      protection,
      ports: container.ports.map((one) => ({ port: one.port, reason: 'The image exposes it.' })),
      problems: taken
        ? [
            {
              code: 'RULE_DUPLICATE' as const,
              severity: 'error' as const,
              message: `${host} is already used by ${taken.name}.`,
              fix: 'Choose another host.',
              details: { host, router: taken.name },
            },
          ]
        : [],
      preview: {
        url: `https://${host}`,
        rule: `Host(\`${host}\`)`,
        entryPoint: 'websecure',
        middlewares:
          protection.kind === 'none'
            ? []
            : [`${name}-${protection.kind === 'password' ? 'password' : 'allow'}@gatehouse`],
        service: `${name}@gatehouse`,
        serverUrl: port === null ? null : `${scheme}://${container.networks[0]?.address}:${port}`,
      },
    };
  };

  const find = (id: string): Exposure => {
    const exposure = picture.exposures.find((one) => one.id === id || one.name === id);
    if (!exposure)
      throw new ORPCError('NOT_FOUND', { message: 'This exposure is gone.', data: { reason: 'EXPOSURE_UNKNOWN' } });
    return exposure;
  };
  const replace = (kindOfChange: Change['kind'], exposure: Exposure): { exposure: Exposure; changeId: string } => {
    const before = picture;
    write(exposure.id, exposure);
    return {
      exposure,
      changeId: changed(
        { kind: kindOfChange, subject: `${exposure.name}@gatehouse`, details: {}, undoable: true },
        () => restore(before),
      ).id,
    };
  };
  const pauseAll = (pausedAll: boolean): { changeId: string } => {
    const before = picture;
    const status = { ...picture.status, pausedAll, health: pausedAll ? ('paused' as const) : ('well' as const) };
    picture = { ...picture, status };
    emit({ topic: 'status', status });
    return {
      changeId: changed(
        { kind: pausedAll ? 'exposure.pausedAll' : 'exposure.resumedAll', subject: '', details: {}, undoable: true },
        () => restore(before),
      ).id,
    };
  };

  const overrides = new Map<string, Override>();
  const override = (target: OverrideTarget, kindOfChange: Change['kind'], next: Override | null) => {
    const before = picture;
    const key = overrideKey(target);
    const old = overrides.get(key);
    const show = (one: Override | null | undefined): void => {
      if (one) overrides.set(key, one);
      else overrides.delete(key);
    };
    show(next);
    const item = findItem(picture, target);
    if (item) {
      const edited = withEdit(item, next);
      const swap = <T extends object>(list: readonly T[]): T[] =>
        list.map((one) => (one === item ? (edited as T) : one));
      picture = { ...picture, routers: swap(picture.routers), services: swap(picture.services) };
      const nothing = { upserted: [], removed: [] };
      const isRouter = 'rule' in edited;
      emit({
        topic: 'routing',
        routers: isRouter ? { upserted: [edited], removed: [] } : nothing,
        services: isRouter ? nothing : { upserted: [edited], removed: [] },
        middlewares: nothing,
      });
    }
    const change = changed({ kind: kindOfChange, subject: target.name, details: {}, undoable: true }, () => {
      show(old);
      restore(before);
    });
    return { override: next, changeId: change.id };
  };
  for (const one of fakeOverrides(picture, now)) {
    overrides.set(overrideKey(one), one);
    const item = findItem(picture, one);
    if (item)
      picture = {
        ...picture,
        routers: picture.routers.map((each) => (each === item ? (withEdit(each, one) as RouterView) : each)),
      };
  }

  const os = implement(contract);
  const router = os.router({
    snapshot: os.snapshot.handler(() => picture),
    status: os.status.handler(() => picture.status),
    events: os.events.handler(async function* ({ signal }) {
      const queue: EngineEvent[] = [];
      let wake: () => void = () => undefined;
      const listener = (event: EngineEvent): void => {
        queue.push(event);
        wake();
      };
      listeners.add(listener);
      try {
        while (!signal?.aborted) {
          const event = queue.shift();
          if (event) yield event;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      } finally {
        listeners.delete(listener);
      }
    }),
    ...fakeCertificateOperations(os, {
      certificates: () => picture.certificates,
      resolvers: () => picture.resolvers,
      put: (upserted, removed = []) => {
        const gone = new Set([...removed, ...upserted.map(({ id }) => id)]);
        const stays = picture.certificates.filter(({ id }) => !gone.has(id));
        picture = { ...picture, certificates: [...stays, ...upserted] };
        emit({
          topic: 'certificates',
          certificates: { upserted: [...upserted], removed: [...removed] },
          resolvers: picture.resolvers,
        });
      },
      putResolvers: (resolvers) => {
        picture = { ...picture, resolvers: [...resolvers] };
        emit({ topic: 'certificates', certificates: { upserted: [], removed: [] }, resolvers: [...resolvers] });
      },
    }),
    containers: { list: os.containers.list.handler(() => [...picture.containers]) },
    routers: { list: os.routers.list.handler(() => [...picture.routers]) },
    services: { list: os.services.list.handler(() => [...picture.services]) },
    middlewares: { list: os.middlewares.list.handler(() => [...picture.middlewares]) },
    exposures: {
      list: os.exposures.list.handler(() => [...picture.exposures]),
      plan: os.exposures.plan.handler(({ input }) => planOf(input)),
      create: os.exposures.create.handler(({ input }) => {
        const plan = planOf(input);
        const container = picture.containers.find((one) => one.id === plan.containerId);
        return replace('exposure.created', {
          id: `exp-${plan.name}-${Date.now()}`,
          name: plan.name,
          host: plan.host,
          port: plan.port ?? 80,
          scheme: plan.scheme,
          protection: plan.protection,
          target: {
            container: plan.container,
            composeProject: container?.composeProject ?? null,
            composeService: container?.composeService ?? null,
          },
          paused: false,
          createdAt: Date.now(),
          updatedAt: Date.now(),
          state: 'live',
          problems: [],
          url: plan.preview.url,
          containerId: plan.containerId,
        });
      }),
      update: os.exposures.update.handler(({ input }) => {
        const old = find(input.id);
        const host = input.host ?? old.host;
        return replace('exposure.updated', {
          ...old,
          host,
          url: `https://${host}`,
          port: input.port ?? old.port,
          scheme: input.scheme ?? old.scheme,
          protection: input.protection ?? old.protection,
          updatedAt: Date.now(),
        });
      }),
      pause: os.exposures.pause.handler(({ input }) =>
        replace('exposure.paused', { ...find(input.id), paused: true, state: 'paused' }),
      ),
      resume: os.exposures.resume.handler(({ input }) =>
        replace('exposure.resumed', { ...find(input.id), paused: false, state: 'live' }),
      ),
      remove: os.exposures.remove.handler(({ input }) => {
        const before = picture;
        const old = find(input.id);
        write(old.id, null);
        return {
          changeId: changed(
            { kind: 'exposure.removed', subject: `${old.name}@gatehouse`, details: {}, undoable: true },
            () => restore(before),
          ).id,
        };
      }),
      pauseAll: os.exposures.pauseAll.handler(() => pauseAll(true)),
      resumeAll: os.exposures.resumeAll.handler(() => pauseAll(false)),
    },
    overrides: {
      list: os.overrides.list.handler(() => [...overrides.values()]),
      plan: os.overrides.plan.handler(({ input }) =>
        fakeOverridePlan(picture, input, overrides.get(overrideKey(input)) ?? null),
      ),
      set: os.overrides.set.handler(({ input }) => {
        if (input.allowConflict !== true) assertFakeHostFree(picture, input, input.host);
        return override(input, 'override.set', editAfter(overrides.get(overrideKey(input)) ?? null, input));
      }),
      remove: os.overrides.remove.handler(({ input }) => {
        const { changeId } = override(input, 'override.removed', null);
        return { changeId };
      }),
      export: os.overrides.export.handler(({ input }) => fakeOverrideExport(picture, input)),
    },
    changes: {
      list: os.changes.list.handler(() => [...picture.changes]),
      undo: os.changes.undo.handler(({ input }) => {
        undoes.get(input.id)?.();
        const old = picture.changes.find((one) => one.id === input.id);
        picture = {
          ...picture,
          changes: picture.changes.map((one) => (one.id === input.id ? { ...one, undoable: false } : one)),
        };
        emit({ topic: 'changes', changes: picture.changes.slice(0, 5) });
        return changed(
          { kind: 'change.undone', subject: old?.subject ?? '', details: { kind: old?.kind ?? '' }, undoable: false },
          null,
        );
      }),
    },
    requests: {
      query: os.requests.query.handler(({ input }) => {
        const matches = matcherOf((input.filter ?? {}) as Parameters<typeof matcherOf>[0]);
        const end = input.before === undefined ? stored.length : stored.findIndex((one) => one.id === input.before);
        const found = stored.slice(0, Math.max(0, end)).filter(matches).toReversed();
        const limit = input.limit ?? 200;
        return { records: found.slice(0, limit), more: found.length > limit };
      }),
      get: os.requests.get.handler(({ input }) => {
        const record = stored.find((one) => one.id === input.id);
        if (!record)
          throw new ORPCError('NOT_FOUND', {
            message: 'This request is no longer in the log.',
            data: { reason: 'REQUEST_UNKNOWN' },
          });
        return record;
      }),
    },
    traffic: {
      series: os.traffic.series.handler(({ input }) => fakeSeries(picture, input.range, Date.now(), busy, silent)),
    },
    explain: os.explain.handler(({ input }) =>
      fakeExplanation(
        picture,
        input,
        stored.find((one) => one.id === input.ref),
      ),
    ),
    settings: {
      get: os.settings.get.handler(() => settings),
      update: os.settings.update.handler(({ input }) => {
        settings = {
          ...settings,
          domain: input.domain ?? settings.domain,
          docker: {
            ...settings.docker,
            ...Object.fromEntries(Object.entries(input.docker ?? {}).filter(([, value]) => value !== undefined)),
          },
          file: { ...settings.file, ...input.file },
          dashboard: {
            ...settings.dashboard,
            ...(input.dashboard?.lanAddress === undefined ? {} : { lanAddress: input.dashboard.lanAddress }),
          },
          entryPoints: settings.entryPoints.map((one) => ({
            ...one,
            address: input.entryPoints?.[one.name]?.address ?? one.address,
          })),
        };
        return settings;
      }),
    },
    certificateAuthority: {
      export: os.certificateAuthority.export.handler(() => ({
        certificatePem: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
        fingerprint: picture.status.certificateAuthority.fingerprint,
        notAfter: picture.status.certificateAuthority.notAfter,
      })),
    },
    access: {
      setPassword: os.access.setPassword.handler(() => {
        settings = { ...settings, dashboard: { ...settings.dashboard, passwordSet: true } };
        return {
          changeId: changed({ kind: 'access.passwordSet', subject: '', details: {}, undoable: false }, null).id,
        };
      }),
      signInLink: os.access.signInLink.handler(() => ({
        url: 'http://127.0.0.1:8686/sign-in?code=x',
        expiresAt: Date.now() + 6e5,
      })),
      tokens: {
        list: os.access.tokens.list.handler(() => tokens),
        create: os.access.tokens.create.handler(({ input }) => {
          const info = {
            id: `tok-${Date.now()}`,
            name: input.name,
            createdAt: Date.now(),
            lastUsedAt: null as number | null,
          };
          tokens = [...tokens, info as (typeof tokens)[number]];
          return { token: 'gh_9fXk2vQ7mLr4Tn8sWc3bHy6d', info };
        }),
        revoke: os.access.tokens.revoke.handler(({ input }) => {
          tokens = tokens.filter((one) => one.id !== input.id);
          return { changeId: 'x' };
        }),
      },
      signOutAll: os.access.signOutAll.handler(() => ({ ended: 3 })),
    },
  });

  if (!silent) {
    setInterval(() => {
      emit({ topic: 'traffic', tick: fakeTick(picture, Math.floor(Date.now() / 1000) * 1000, 1000, random, busy) });
    }, 1000);
    setInterval(
      () => {
        if (listeners.size === 0) return;
        // A thousand apps are busy: the live log fills to a hundred thousand lines at once.
        const count = busy && stored.length < 105_000 ? burst : 1 + Math.floor(random() * 3);
        const records = makeRecords(count, Date.now());
        stored.push(...records);
        emit({ topic: 'requests', records, skipped: 0 });
      },
      busy ? 100 : 300,
    );
  }
  return createRouterClient(router, { context: {} });
}

/** The fake as a transport for the connection. */
export function openFake(kind: FakeKind): () => Promise<Transport | { readonly passwordSet: boolean }> {
  let opened = 0;
  return async () => {
    opened += 1;
    if (kind === 'signed-out') return { passwordSet: true };
    if (kind === 'loading' || (kind === 'offline' && opened > 1)) return new Promise(() => undefined);
    const closed = new Promise<void>((resolve) => {
      if (kind === 'offline') setTimeout(resolve, 1200);
    });
    return { client: createFakeEngine(kind), closed, close: () => undefined };
  };
}
