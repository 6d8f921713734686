import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort, type Running, start, until } from './process.ts';

export interface BenchGatehouse extends Running {
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Opens the dashboard signed in; works once. */
  readonly signInUrl: string;
}

/**
 * Starts the built program as people do, on free loopback ports, with a data folder that `stop` removes; one that is
 * given stays.
 */
export async function startGatehouse(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  givenDir?: string,
): Promise<BenchGatehouse> {
  const dataDir = givenDir ?? mkdtempSync(path.join(os.tmpdir(), 'gatehouse-bench-'));
  const [httpPort, httpsPort, dashboardPort] = [await freePort(), await freePort(), await freePort()];
  const running = start(
    process.execPath,
    [
      path.resolve(import.meta.dirname, '../../bin/gatehouse.mjs'),
      'serve',
      ...['--data-dir', dataDir],
      ...['--http', `127.0.0.1:${httpPort}`],
      ...['--https', `127.0.0.1:${httpsPort}`],
      ...['--dashboard', `127.0.0.1:${dashboardPort}`],
      ...args,
    ],
    { env },
  );
  const stop = async () => {
    await running.stop();
    if (givenDir === undefined) rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const signInUrl = await until(
      'the sign-in link',
      async () => /http:\S+\/sign-in\?code=\S+/.exec(running.output())?.[0],
    );
    return { ...running, httpPort, httpsPort, signInUrl, stop };
  } catch (error) {
    await stop();
    throw new Error(`Gatehouse did not start:\n${running.output()}`, { cause: error });
  }
}
