import { describe, expect, it } from 'vitest';
import { connectionRoom, ownMeans } from './connection-room.ts';

const plenty = 64 * 1024 ** 3;

describe('without a word of the configuration', () => {
  it.each([
    // What the service asks for: two descriptors for each connection, and a thousand kept back.
    { descriptors: 65_536, memoryBytes: plenty, connections: 32_000 },
    { descriptors: 1_048_576, memoryBytes: plenty, connections: 32_000 },
    { descriptors: null, memoryBytes: plenty, connections: 32_000 },
    { descriptors: 20_000, memoryBytes: plenty, connections: 9488 },
    { descriptors: 1024, memoryBytes: plenty, connections: 384 },
    { descriptors: 16, memoryBytes: plenty, connections: 6 },
    { descriptors: 1, memoryBytes: plenty, connections: 1 },
    // A quarter of a gigabyte, at 96 KiB each.
    { descriptors: 65_536, memoryBytes: 1024 ** 3, connections: 2730 },
  ])('$descriptors descriptors and $memoryBytes bytes are $connections connections', ({ connections, ...means }) => {
    expect(connectionRoom(undefined, means).connections).toBe(connections);
  });

  it('says what to do where descriptors are few, and nothing where memory is', () => {
    expect(connectionRoom(undefined, { descriptors: 4096, memoryBytes: plenty }).advice).toBe(
      'This leaves room for 1536 connections of clients. Raise the bound: LimitNOFILE=65536 in the service, --ulimit nofile=65536 for a container, or "ulimit -n 65536" before the start.',
    );
    expect(connectionRoom(undefined, { descriptors: 20_000, memoryBytes: plenty }).advice).toBeNull();
    expect(connectionRoom(undefined, { descriptors: 65_536, memoryBytes: 1024 ** 2 }).advice).toBeNull();
  });
});

describe('what is asked for', () => {
  it('counts, up to what there are descriptors for', () => {
    expect(connectionRoom(50, { descriptors: 20_000, memoryBytes: plenty })).toEqual({ connections: 50, advice: null });
    expect(connectionRoom(18_976, { descriptors: 20_000, memoryBytes: plenty }).advice).toBeNull();
    const { connections, advice } = connectionRoom(100_000, { descriptors: 100_000, memoryBytes: plenty });
    expect(connections).toBe(98_976);
    expect(advice).toMatch(/connections is 100000, and there is room for 98976\. .*LimitNOFILE=200000/);
  });

  it('is all that there is where it is 0', () => {
    expect(connectionRoom(0, { descriptors: 20_000, memoryBytes: plenty })).toEqual({
      connections: 18_976,
      advice: null,
    });
    expect(connectionRoom(0, { descriptors: null, memoryBytes: plenty })).toEqual({ connections: 0, advice: null });
  });
});

it('knows what this process has', () => {
  const { descriptors, memoryBytes } = ownMeans();
  expect(memoryBytes).toBeGreaterThan(2 ** 26);
  if (process.platform === 'win32') expect(descriptors).toBeNull();
  else expect(descriptors === null || descriptors > 64).toBe(true);
});
