import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RequestRecord } from '../../proxy/model/request-record.ts';
import { openStore, type Store } from './store.ts';

let dir = '';
let store: Store;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-requests-'));
  store = openStore(dir, { maxRequests: 100 });
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

function record(number: number, over: Partial<RequestRecord> = {}): RequestRecord {
  return {
    id: `r-${number}`,
    at: 1_795_000_000_000.25 + number,
    entryPoint: 'websecure',
    clientIp: '192.168.1.20',
    clientPort: 50_000,
    username: 'anna',
    protocol: 'HTTP/2.0',
    scheme: 'https',
    method: 'GET',
    host: 'photos.example.org',
    target: `/album?id=${number}`,
    router: 'photos@gatehouse',
    service: 'photos@gatehouse',
    serverUrl: 'http://172.17.0.2:2283',
    middlewares: [{ name: 'auth@docker', type: 'basicAuth', verdict: 'passed', durationMs: 0.3 }],
    status: 200,
    originStatus: 200,
    requestBytes: 10,
    responseBytes: 2048,
    durationMs: 12.5,
    originDurationMs: 11,
    userAgent: 'test',
    referer: '',
    upgrade: null,
    tlsVersion: 'TLSv1.3',
    error: null,
    ...over,
  };
}

const ids = (input: Parameters<Store['requests']['query']>[0]): string[] =>
  store.requests.query(input).records.map(({ id }) => id);

test('a record comes back as it was', () => {
  const whole = record(1, { error: { code: 'UPSTREAM_TIMEOUT', detail: 'after 30 s' }, router: null, service: null });
  store.requests.insert([whole]);
  expect(store.requests.get('r-1')).toEqual(whole);
  expect(store.requests.query({ limit: 10 })).toEqual({ records: [whole], more: false });
  expect(store.requests.get('r-2')).toBeUndefined();
});

test('pages run from the newest to the oldest without gaps', () => {
  store.requests.insert(Array.from({ length: 25 }, (_, number) => record(number)));
  const first = store.requests.query({ limit: 10 });
  expect(first.records.map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, index) => `r-${24 - index}`));
  expect(first.more).toBe(true);
  const second = store.requests.query({ limit: 10, before: 'r-15' });
  expect(second.records[0]?.id).toBe('r-14');
  const last = store.requests.query({ limit: 10, before: 'r-5' });
  expect(last.records.map(({ id }) => id)).toEqual(['r-4', 'r-3', 'r-2', 'r-1', 'r-0']);
  expect(last.more).toBe(false);
});

test('no more than the bound is kept, and a page behind it is empty', () => {
  for (let batch = 0; batch < 5; batch++) {
    store.requests.insert(Array.from({ length: 50 }, (_, number) => record(batch * 50 + number)));
  }
  expect(store.requests.count()).toBe(100);
  expect(ids({ limit: 1000 })).toHaveLength(100);
  expect(store.requests.get('r-149')).toBeUndefined();
  expect(store.requests.get('r-150')?.id).toBe('r-150');
  expect(store.requests.query({ limit: 10, before: 'r-149' })).toEqual({ records: [], more: false });
  expect(store.requests.trim(30)).toBe(70);
  expect(store.requests.count()).toBe(30);
});

test('filters', () => {
  store.requests.insert([
    record(0),
    record(1, { router: 'nas@docker', service: 'nas@file', host: 'nas.example.org', target: '/100%_done\\' }),
    record(2, { status: 404, clientIp: '2001:db8::7' }),
    record(3, { status: 502, entryPoint: 'web', router: null, service: null }),
    record(4, { status: 500 }),
  ]);
  const cases: readonly [Parameters<Store['requests']['query']>[0]['filter'], string[]][] = [
    [{}, ['r-4', 'r-3', 'r-2', 'r-1', 'r-0']],
    [{ router: 'nas@docker' }, ['r-1']],
    [{ service: 'nas@file' }, ['r-1']],
    [{ host: 'NAS.example.org' }, ['r-1']],
    [{ clientIp: '2001:db8::7' }, ['r-2']],
    [{ entryPoint: 'web' }, ['r-3']],
    [{ status: '5xx' }, ['r-4', 'r-3']],
    [{ status: '502' }, ['r-3']],
    [{ status: '403' }, []],
    [{ status: '5xx', entryPoint: 'websecure' }, ['r-4']],
    [{ text: 'NAS' }, ['r-1']],
    [{ text: 'db8::' }, ['r-2']],
    [{ text: 'id=4' }, ['r-4']],
    [{ text: '%_' }, ['r-1']],
    [{ text: '_' }, ['r-1']],
    [{ text: '\\' }, ['r-1']],
    [{ text: "' OR 1=1 --" }, []],
    [{ text: '', router: '' }, ['r-4', 'r-3', 'r-2', 'r-1', 'r-0']],
  ];
  for (const [filter, expected] of cases) expect([filter, ids({ filter, limit: 10 })]).toEqual([filter, expected]);
  expect(ids({ filter: { status: '5xx' }, before: 'r-4', limit: 10 })).toEqual(['r-3']);
});
