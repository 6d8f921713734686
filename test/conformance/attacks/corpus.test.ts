import { afterAll, beforeAll, expect, test } from 'vitest';
import { corpus } from '../../attack/corpus.ts';
import { tryCase } from '../../attack/judge.ts';
import { type RecordingServer, startRecordingServer } from '../../attack/recorder.ts';
import { type Harness, loadBalancer, startProxy } from '../../support/proxy-harness.ts';

/** Each with a proxy and a server of its own, so that what arrives belongs to one case. */
const lanes: { readonly server: RecordingServer; readonly harness: Harness }[] = [];

beforeAll(async () => {
  for (let n = 0; n < 8; n += 1) {
    const server = await startRecordingServer();
    lanes.push({
      server,
      harness: await startProxy({ services: { 'app@test': loadBalancer([`http://127.0.0.1:${server.port}`]) } }),
    });
  }
});

afterAll(async () => {
  for (const { harness, server } of lanes) {
    await harness.close();
    await server.close();
  }
});

test('nothing that two readers could read differently reaches a server', { timeout: 120_000 }, async () => {
  const cases = [...corpus()];
  const wrong: string[] = [];
  let forwarded = 0;
  let refused = 0;
  await Promise.all(
    lanes.map(async ({ server, harness }) => {
      for (let one = cases.pop(); one !== undefined; one = cases.pop()) {
        const { verdict, why } = await tryCase(one, harness.port(), server, true);
        if (verdict === 'ambiguous') wrong.push(`${one.group}, ${one.name}: ${why}`);
        else if (verdict === 'forwarded') forwarded += 1;
        else refused += 1;
      }
    }),
  );
  expect(wrong).toEqual([]);
  // Good requests are among them: a proxy that refuses all would prove nothing.
  expect(forwarded).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(400);
});
