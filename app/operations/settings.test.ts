import { createRouterClient } from '@orpc/server';
import { expect, test } from 'vitest';
import { contextDouble } from '../../test/support/context.ts';
import type { SettingsPatch } from '../contract/objects.ts';
import type { Actor } from './context.ts';
import { router } from './router.ts';

function clientOf(actor: Actor) {
  const { context, access } = contextDouble();
  const updated: SettingsPatch[] = [];
  const settings: typeof context.settings = {
    ...context.settings,
    update: (patch) => {
      updated.push(patch);
      return Promise.resolve(context.settings.get());
    },
  };
  const engine = { ...context, settings };
  return {
    updated,
    client: createRouterClient(router, { context: { engine, access, caller: { actor, session: null } } }),
  };
}

test('an API token changes settings, but not which files and which Docker are read', async () => {
  const { client, updated } = clientOf('api');
  const refused = { code: 'FORBIDDEN', details: { reason: 'TOKEN_NOT_ALLOWED' } };
  await expect(client.settings.update({ file: { path: '/etc/shadow' } })).rejects.toMatchObject(refused);
  const docker = { endpoint: 'tcp://192.168.1.1:80' };
  await expect(client.settings.update({ docker })).rejects.toMatchObject(refused);
  await client.settings.update({ domain: 'example.org', docker: { exposedByDefault: false } });
  expect(updated).toEqual([{ domain: 'example.org', docker: { exposedByDefault: false } }]);
});

test('whoever has signed in may change them', async () => {
  const { client, updated } = clientOf('dashboard');
  await client.settings.update({ file: { path: '/etc/gatehouse/routes' } });
  expect(updated).toHaveLength(1);
});
