import { expect, test } from 'vitest';
import { defaultStaticConfiguration } from '../../config/static.ts';
import { buildRuntime } from '../../runtime/merge.ts';
import { internalPublication } from './publication.ts';

test('whoami is served without any configuration', () => {
  const state = buildRuntime([internalPublication()], defaultStaticConfiguration.entryPoints, 1);
  expect(state.routers.get('whoami@internal')).toMatchObject({
    status: 'enabled',
    problems: [],
    service: 'whoami@internal',
    hosts: ['whoami.localhost'],
  });
});
