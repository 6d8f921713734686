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
  },
});
