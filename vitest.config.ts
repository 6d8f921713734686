import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      '{proxy,app,main,renderer,scripts}/**/*.test.{ts,tsx}',
      'test/{integration,conformance,vectors}/**/*.test.ts',
    ],
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // In CI, beside a loaded machine. `npm test` names each test that needed its second try.
    retry: process.env['CI'] ? 1 : 0,
  },
});
