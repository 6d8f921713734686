import type { TestDocker } from '../support/docker.ts';
import { statusOf } from './ask.ts';
import { startGatehouse } from './gatehouse.ts';
import { freePort, start, until } from './process.ts';
import { has } from './proxies/programs.ts';
import { median, type Row } from './report.ts';

const runs = 20;

/**
 * From the return of `docker start` to the first 200 through the proxy, milliseconds: median and worst of 20 containers
 * that carry Traefik's labels. Traefik, where it is installed, reads the same labels from the same daemon.
 */
export async function measureDockerStart(docker: TestDocker): Promise<Row[]> {
  const gatehouse = await startGatehouse(['--docker', docker.endpoint]);
  const rows: Row[] = [];
  try {
    const delays = await startEach(docker, 'gatehouse', { port: gatehouse.httpsPort, tls: true });
    rows.push({ ...figure('gatehouse', 'median of 20', median(delays)), goal: { atMost: 100 } });
    rows.push(figure('gatehouse', 'worst of 20', Math.max(...delays)));
  } finally {
    await gatehouse.stop();
    await docker.clear();
  }
  if (!has('traefik')) return rows;
  const port = await freePort();
  const traefik = start('traefik', [
    `--entrypoints.web.address=127.0.0.1:${port}`,
    `--providers.docker.endpoint=${docker.endpoint}`,
    '--providers.docker.exposedbydefault=false',
  ]);
  try {
    await until('Traefik', async () => statusOf({ port, host: 'x.localhost', tls: false }));
    const delays = await startEach(docker, 'traefik', { port, tls: false });
    rows.push(figure('traefik', 'median of 20', median(delays)), figure('traefik', 'worst of 20', Math.max(...delays)));
  } finally {
    await traefik.stop();
    await docker.clear();
  }
  return rows;
}

function figure(program: string, name: string, value: number): Row {
  return { scenario: 'docker start to first 200', program, figure: name, value, unit: 'ms' };
}

async function startEach(docker: TestDocker, prefix: string, proxy: { port: number; tls: boolean }): Promise<number[]> {
  const delays: number[] = [];
  for (let n = 0; n < runs; n++) {
    const name = `${prefix}-${n}`;
    const host = `${name}.localhost`;
    const labels = { 'traefik.enable': 'true', [`traefik.http.routers.${name}.rule`]: `Host(\`${host}\`)` };
    const id = await docker.run({ name, labels, start: false });
    const answer = await docker.api('POST', `/containers/${id}/start`);
    if (answer.status !== 204) throw new Error(`docker start answered ${answer.status}: ${answer.body}`);
    const startedAt = performance.now();
    await until(`${host} to answer`, async () => ((await statusOf({ ...proxy, host })) === 200 ? true : undefined));
    delays.push(performance.now() - startedAt);
  }
  return delays;
}
