import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { loadDockerode } from './dockerode.ts';

test('dockerode comes without gRPC, an SSH client and tar', () => {
  const Docker = loadDockerode();
  expect(typeof new Docker({ socketPath: '/nowhere' }).listContainers).toBe('function');
  const loaded = Object.keys(createRequire(import.meta.url).cache).join('\n');
  expect(loaded).toMatch(/node_modules\/docker-modem\//);
  expect(loaded).not.toMatch(/node_modules\/(?:@grpc|protobufjs|ssh2|tar-stream)\//);
});
