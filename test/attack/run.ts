// `npm run attack [NAME…]`: attacks the built program, beside the proxies that are installed, and prints what came of it.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { certificateFor } from '../bench/proxies/ground.ts';
import { differential, differentialTable } from './differential.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-attack-'));
try {
  const outcome = await differential({ dir, ...certificateFor(dir), routers: 1, hasMiddlewares: false });
  console.log(`## What is forwarded\n\n${differentialTable(outcome)}`);
  const own = outcome.outcomes.get('gatehouse') ?? [];
  const isFallen = outcome.fallen.includes('gatehouse');
  if (own.length === 0 || isFallen || own.some(({ verdict }) => verdict === 'ambiguous')) process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
