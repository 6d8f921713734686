import { describe, expect, it } from 'vitest';
import type { OverridePlan } from '../../../app/contract/objects.ts';
import { changesOf, type OverrideValues, startValues } from './override-values.ts';

const plan: OverridePlan = {
  override: null,
  hosts: ['wiki.test'],
  rule: 'Host(`wiki.test`)',
  middlewares: ['auth@file'],
  servers: [
    { server: 'http://10.0.0.5:80', weight: 1 },
    { server: 'http://10.0.0.6:80', weight: 3 },
  ],
  healthCheckPath: '/health',
  editable: ['host', 'middlewares', 'protection', 'servers', 'healthCheckPath', 'paused'],
};

function changes(given: Partial<OverrideValues>, over: Partial<OverridePlan> = {}) {
  const now = { ...plan, ...over };
  const start = startValues(now);
  return changesOf(start, { ...startValues(now), ...given }, now);
}

describe('what was typed into the form of an edit', () => {
  it('is nothing where nothing was typed', () => {
    expect(changes({})).toEqual({});
    expect(changes({ host: ' wiki.test ', middlewares: 'auth@file ' })).toEqual({});
  });

  it('names what is otherwise, and goes back where it is as labels or files have it', () => {
    expect(changes({ host: 'new.test', middlewares: '', paused: true })).toEqual({
      host: 'new.test',
      middlewares: [],
      paused: true,
    });
    expect(changes({ host: '' })).toEqual({ host: null });
  });

  it('holds all edited servers, and only those', () => {
    const servers = startValues(plan).servers;
    const [first, second] = servers;
    expect(changes({ servers: [{ ...first!, paused: true }, second!] })).toEqual({
      servers: [{ server: 'http://10.0.0.5:80', address: null, weight: null, paused: true }],
    });
    const edited = [first!, { ...second!, address: 'https://10.0.0.9', weight: '2' }];
    expect(changes({ servers: edited })).toEqual({
      servers: [{ server: 'http://10.0.0.6:80', address: 'https://10.0.0.9', weight: 2, paused: false }],
    });
  });

  it('says of a health check that it is at a path, none, or as it was', () => {
    expect(changes({ health: 'path', healthCheckPath: '/up' })).toEqual({ healthCheckPath: '/up' });
    expect(changes({ health: 'none' })).toEqual({ healthCheckPath: '' });
    const override = {
      id: 'o',
      object: 'service' as const,
      name: 'wiki@file',
      host: null,
      middlewares: null,
      protection: null,
      servers: null,
      healthCheckPath: '',
      paused: false,
      createdAt: 0,
      updatedAt: 0,
      state: 'applied' as const,
    };
    expect(changes({ health: 'keep' }, { override })).toEqual({ healthCheckPath: null });
  });
});
