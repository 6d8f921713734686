import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { statusOf } from './ask.ts';
import { startGatehouse } from './gatehouse.ts';
import { residentMegabytes, until } from './process.ts';
import type { Row } from './report.ts';

const routers = 50;
const settleMs = 10_000;

/** Memory of the engine with its workers and 50 routers, after ten quiet seconds. */
export async function measureMemory(): Promise<Row[]> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-bench-routes-'));
  const file = path.join(dir, 'dynamic.yml');
  const lines = ['http:', '  routers:'];
  for (let n = 0; n < routers; n++)
    lines.push(`    app${n}: { rule: "Host(\`app${n}.localhost\`)", service: app${n} }`);
  lines.push('  services:');
  for (let n = 0; n < routers; n++) {
    lines.push(`    app${n}: { loadBalancer: { servers: [{ url: "http://127.0.0.1:9" }] } }`);
  }
  writeFileSync(file, lines.join('\n'));
  const gatehouse = await startGatehouse(['--file', file, '--docker', `unix://${dir}/none.sock`]);
  try {
    await until('the last router', async () => {
      const status = await statusOf({ port: gatehouse.httpsPort, host: `app${routers - 1}.localhost`, tls: true });
      return status === 502 || status === 503 ? status : undefined;
    });
    await new Promise((resolve) => {
      setTimeout(resolve, settleMs);
    });
    return [
      {
        scenario: `${routers} routers, idle`,
        program: 'gatehouse',
        figure: 'resident memory',
        value: residentMegabytes(gatehouse.pid),
        unit: 'MB',
        goal: { atMost: 150 },
      },
    ];
  } finally {
    await gatehouse.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
