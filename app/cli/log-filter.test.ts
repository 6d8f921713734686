import { describe, expect, it } from 'vitest';
import type { RequestRecord } from '../../proxy/model/request-record.ts';
import { logFilterOf, matchesFilter } from './log-filter.ts';

const record = {
  host: 'photos.localhost',
  target: '/Album?id=3',
  clientIp: '192.168.1.9',
  router: 'photos@docker',
  service: null,
  status: 404,
  entryPoint: 'websecure',
} as RequestRecord;

describe('the log’s filter', () => {
  it('holds only what is set', () => {
    expect(logFilterOf({ text: 'a', router: undefined })).toEqual({ text: 'a' });
  });

  it.each([
    [{}, true],
    [{ status: '4xx' }, true],
    [{ status: '404' }, true],
    [{ status: '403' }, false],
    [{ status: '5xx' }, false],
    [{ text: 'ALBUM' }, true],
    [{ text: '192.168' }, true],
    [{ text: 'videos' }, false],
    [{ router: 'photos@docker', host: 'photos.localhost' }, true],
    [{ router: 'photos@file' }, false],
    [{ service: 'photos@docker' }, false],
    [{ clientIp: '192.168.1.9', entryPoint: 'web' }, false],
  ])('%j: %s', (filter, matches) => {
    expect(matchesFilter(record, filter)).toBe(matches);
  });
});
