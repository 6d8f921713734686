import { describe, expect, it } from 'vitest';
import type { RequestRecord } from '../../proxy/model/request-record.ts';
import { isEmptyFilter, type LogFilter, matcherOf } from './log-filter.ts';

const record = {
  host: 'photos.example.org',
  target: '/Album?id=3',
  clientIp: '192.0.2.7',
  router: 'photos@docker',
  service: 'photos@docker',
  entryPoint: 'websecure',
  status: 404,
} as RequestRecord;

describe('matcherOf', () => {
  it.each<[LogFilter, boolean]>([
    [{}, true],
    [{ status: '4xx' }, true],
    [{ status: '404' }, true],
    [{ status: '5xx' }, false],
    [{ status: '403' }, false],
    [{ text: 'ALBUM' }, true],
    [{ text: '192.0.2' }, true],
    [{ text: ' ' }, true],
    [{ text: 'music' }, false],
    [{ router: 'photos@docker', status: '4xx' }, true],
    [{ router: 'photos@docker', status: '2xx' }, false],
    [{ router: 'photos' }, false],
    [{ entryPoint: 'web' }, false],
    [{ clientIp: '192.0.2.7', host: 'photos.example.org' }, true],
  ])('judges %j', (filter, fits) => {
    expect(matcherOf(filter)(record)).toBe(fits);
  });

  it('holds no text for requests that no router took', () => {
    expect(matcherOf({ text: 'docker' })({ ...record, router: null, service: null })).toBe(false);
  });
});

describe('isEmptyFilter', () => {
  it('knows nothing from something', () => {
    expect(isEmptyFilter({ text: '' })).toBe(true);
    expect(isEmptyFilter({ status: '4xx' })).toBe(false);
  });
});
