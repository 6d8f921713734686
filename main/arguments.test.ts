import { describe, expect, it } from 'vitest';
import { shellArguments } from './arguments.ts';

describe('shellArguments', () => {
  it('gives what stands behind the dashes to the engine, and the data folder to both', () => {
    const argv = ['electron', '--no-sandbox', '/app', '--', '--data-dir', '/data', '--http', ':8080', '--hidden'];
    expect(shellArguments(argv)).toEqual({
      hidden: false,
      dataDir: '/data',
      engineFlags: ['--http', ':8080', '--hidden'],
    });
    expect(shellArguments(['electron', '--', '--data-dir=/data']).dataDir).toBe('/data');
  });

  it('works without any', () => {
    expect(shellArguments(['gatehouse', '--hidden'])).toEqual({ hidden: true, dataDir: undefined, engineFlags: [] });
  });
});
