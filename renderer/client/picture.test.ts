import { describe, expect, it } from 'vitest';
import type { Change, ContainerView, EngineEvent } from '../../app/contract/objects.ts';
import { fakeSnapshot } from '../dev/fake-world.ts';
import { applyEvent, type Picture } from './picture.ts';

const start = (): Picture => ({ ...fakeSnapshot('few', Date.UTC(2026, 0, 1)), revision: 10 });

const containers = (revision: number, upserted: ContainerView[], removed: string[] = []): EngineEvent => ({
  topic: 'containers',
  revision,
  containers: { upserted, removed },
});

function applied(picture: Picture, event: EngineEvent): Picture {
  const result = applyEvent(picture, event);
  if (result.kind === 'old') throw new Error('the event was taken for an old one');
  return result.picture;
}

describe('applyEvent', () => {
  it('takes the next event', () => {
    const picture = start();
    const [first] = picture.containers;
    const next = applyEvent(picture, containers(11, [{ ...first!, name: 'renamed' }]));
    expect(next.kind).toBe('applied');
    expect(next.kind === 'applied' && next.picture.containers[0]?.name).toBe('renamed');
    expect(next.kind === 'applied' && next.picture.containers).toHaveLength(picture.containers.length);
  });

  it('leaves out what the snapshot holds already', () => {
    expect(applyEvent(start(), containers(10, [])).kind).toBe('old');
    expect(applyEvent(start(), containers(3, [])).kind).toBe('old');
  });

  it('says that events are missing, and still takes what came', () => {
    const picture = start();
    const gone = picture.containers[0]!.id;
    const next = applyEvent(picture, containers(14, [], [gone]));
    expect(next.kind).toBe('gap');
    expect(next.kind === 'gap' && next.picture.revision).toBe(14);
    expect(next.kind === 'gap' && next.picture.containers.some((one) => one.id === gone)).toBe(false);
  });

  it('adds and removes by name, and keeps the arrays it does not touch', () => {
    const picture = start();
    const router = { ...picture.routers[0]!, name: 'new@docker' };
    const next = applied(picture, {
      topic: 'routing',
      revision: 11,
      routers: { upserted: [router], removed: [picture.routers[1]!.name] },
      services: { upserted: [], removed: [] },
      middlewares: { upserted: [], removed: ['hsts@file'] },
    });
    expect(next.routers.map((one) => one.name)).toContain('new@docker');
    expect(next.routers.map((one) => one.name)).not.toContain(picture.routers[1]!.name);
    expect(next.middlewares.map((one) => one.name)).not.toContain('hsts@file');
    expect(next.services).toBe(picture.services);
    expect(next.containers).toBe(picture.containers);
  });

  it('merges changes, newest first, each once', () => {
    const picture = start();
    const known = picture.changes[1]!;
    const news: Change = { ...known, id: 'new', at: picture.changes[0]!.at + 1 };
    const next = applied(picture, { topic: 'changes', revision: 11, changes: [{ ...known, undoable: true }, news] });
    expect(next.changes[0]?.id).toBe('new');
    expect(next.changes.filter((one) => one.id === known.id)).toEqual([{ ...known, undoable: true }]);
    expect(next.changes).toHaveLength(picture.changes.length + 1);
  });

  it('only counts on for what moves often', () => {
    const picture = start();
    const next = applied(picture, { topic: 'requests', revision: 11, records: [], skipped: 0 });
    expect(next).toEqual({ ...picture, revision: 11 });
  });
});
