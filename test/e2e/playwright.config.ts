import { defineConfig } from '@playwright/test';

/** `npm test` finds one that is free. */
const port = Number(process.env['GATEHOUSE_E2E_PORT'] ?? 4178);

/**
 * The dashboard in a real Chromium. The screens run against the fake engine, built as what is installed is built and
 * served with the same content security policy.
 */
export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results/e2e',
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  forbidOnly: true,
  // Docker's networks come and go beside the tests, and Chromium drops what it is loading when a network changes.
  retries: 1,
  reporter: [['list']],
  use: {
    baseURL: `http://127.0.0.1:${port}`,
    launchOptions: {
      executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    },
    locale: 'en-GB',
    timezoneId: 'Europe/Paris',
    contextOptions: { reducedMotion: 'reduce' },
  },
  projects: [
    { name: 'screens', testMatch: 'screens.spec.ts' },
    // With a real engine, and a real Electron where one can be had.
    { name: 'product', testIgnore: 'screens.spec.ts' },
  ],
  webServer: {
    command: `npx vite build --config renderer/vite.config.ts --mode fake --logLevel warn && npx vite preview --config renderer/vite.config.ts --mode fake --host 127.0.0.1 --port ${port} --strictPort`,
    cwd: '../..',
    url: `http://127.0.0.1:${port}/`,
    reuseExistingServer: false,
    timeout: 120_000,
  },
});
