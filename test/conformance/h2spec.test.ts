import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../support/certificates.ts';
import { findProgram, missingGoProgram } from '../support/go-program.ts';
import { type Harness, loadBalancer, startProxy } from '../support/proxy-harness.ts';

// It is built by Go, which a machine need not have.
const missing = missingGoProgram('h2spec');

interface Result {
  /** As h2spec is asked for it: `http2/5.1/8`. */
  readonly spec: string;
  readonly name: string;
  /** What came instead; null: all is well. */
  readonly fault: string | null;
}

describe.skipIf(missing !== null)(`h2spec${missing === null ? '' : ` (${missing})`}`, () => {
  let dir = '';
  let harness: Harness;
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => response.end('hello from the server'));
  });

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gh-h2spec-'));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    harness = await startProxy({
      entryPoints: [{ name: 'websecure', tls: true }],
      routers: [{ entryPoints: ['websecure'], tls: true }],
      services: { 'app@test': loadBalancer([`http://127.0.0.1:${(server.address() as AddressInfo).port}`]) },
      certificates: [await makeCertificate(['127.0.0.1'], true)],
    });
  });

  afterAll(async () => {
    await harness?.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(dir, { recursive: true, force: true });
  });

  async function run(specs: readonly string[], timeoutS: number): Promise<Result[]> {
    const report = join(dir, 'report.xml');
    const args = ['-h', '127.0.0.1', '-p', String(harness.port()), '-t', '-k', '-o', String(timeoutS), '-j', report];
    // It exits with 1 where anything failed.
    await new Promise((resolve) => {
      execFile(findProgram('h2spec') ?? 'h2spec', [...args, ...specs], { timeout: 200_000 }, resolve);
    });
    const results = readReport(await readFile(report, 'utf8'));
    await rm(report);
    return results;
  }

  test('generic, http2 and hpack pass at the TLS entry point', { timeout: 300_000 }, async () => {
    const results = await run(['generic', 'http2', 'hpack'], 2);
    expect(results.length).toBeGreaterThan(140);
    // A loaded machine may take longer than its limit; what is at fault stays so when it is given time.
    const suspects = results.filter(({ fault }) => fault !== null);
    const faults: string[] = [];
    for (const { spec, name } of suspects) {
      const again = (await run([spec], 20)).find((result) => result.name === name);
      if (again?.fault !== null) faults.push(`${spec} ${name}: ${again?.fault ?? 'not run again'}`);
    }
    expect(faults).toEqual([]);
  });
});

/** Reads a JUnit report: test cases stand in their order, below the section that they belong to. */
function readReport(xml: string): Result[] {
  const results: Result[] = [];
  const positions = new Map<string, number>();
  for (const [, section = '', title = '', body = ''] of xml.matchAll(
    /<testcase package="([^"]+)" classname="([^"]+)" time="[^"]*">([^]*?)<\/testcase>/g,
  )) {
    const position = (positions.get(section) ?? 0) + 1;
    positions.set(section, position);
    const fault = /<(?:error|failure)[^>]*>([^]*?)<\//.exec(body)?.[1] ?? null;
    results.push({ spec: `${section}/${position}`, name: `${section} ${title.replaceAll('&#34;', '"')}`, fault });
  }
  return results;
}
