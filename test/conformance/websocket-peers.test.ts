import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../support/certificates.ts';
import { type Harness, loadBalancer, startProxy } from '../support/proxy-harness.ts';
import { askPython, missingPython, startPython } from './python-peer.ts';

const missing = missingPython({
  websockets: 'python3-websockets',
  wsproto: 'python3-wsproto',
  h2: 'python3-h2',
});
if (missing !== null && process.env['CI']) throw new Error(missing);

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function proxyTo(port: number): Promise<Harness> {
  const harness = await startProxy({
    entryPoints: [{}, { name: 'websecure', tls: true }],
    routers: [{}, { entryPoints: ['websecure'], tls: true }],
    services: { 'app@test': loadBalancer([`http://127.0.0.1:${port}`]) },
    certificates: [await makeCertificate(['127.0.0.1'], true)],
  });
  closers.push(() => harness.close());
  return harness;
}

describe.skipIf(missing !== null)(`WebSocket peers in Python${missing === null ? '' : ` (${missing})`}`, () => {
  let harness: Harness;
  beforeEach(async () => {
    const server = await startPython('websocket.py', ['server']);
    closers.push(() => server.stop());
    harness = await proxyTo(server.port);
  });

  it.each([
    ['plain', 'web'],
    ['tls', 'websecure'],
  ])('exchange messages, pings and closes: %s', { timeout: 180_000 }, async (kind, entryPoint) => {
    expect(await askPython('websocket.py', ['client', String(harness.port(entryPoint)), kind])).toEqual({
      subprotocol: 'echo',
      extensions: ['PerMessageDeflate'],
      text: 'grüße',
      binary: '00ff',
      fragments: 'in three parts',
      pong: true,
      big: true,
      bigPlain: true,
      serverFragments: 'one two three',
      serverPing: 'the pong came',
      serverClose: [4321, 'closed by the server'],
      closes: expect.arrayContaining([[4001, 'enough']]),
    });
  });

  it('exchange them on streams of HTTP/2', { timeout: 180_000 }, async () => {
    expect(await askPython('websocket.py', ['h2', String(harness.port('websecure'))])).toEqual({
      enablesConnect: 1,
      status: '200',
      subprotocol: 'echo',
      accept: null,
      text: 'grüße',
      fragments: 'in parts',
      binary: '00ff',
      pong: 'ping',
      big: true,
      serverClose: [4321, 'closed by the server'],
      close: [4001, 'enough'],
      ended: true,
      otherProtocol: '501',
    });
    const record = await harness.record(({ target }) => target === '/echo');
    expect(record).toMatchObject({
      method: 'GET',
      protocol: 'HTTP/2.0',
      status: 200,
      upgrade: 'websocket',
      error: null,
    });
    expect(record.requestBytes).toBeGreaterThan(16 * 1024 * 1024);
  });
});

describe.skipIf(missing !== null)('a WebSocket whose client has ended its side', () => {
  it.each([
    ['plain', 'web'],
    ['tls', 'websecure'],
  ])('gets what the server still has to say: %s', { timeout: 120_000 }, async (kind, entryPoint) => {
    const server = await startPython('websocket.py', ['half-server']);
    closers.push(() => server.stop());
    const harness = await proxyTo(server.port);
    expect(await askPython('websocket.py', ['half', String(harness.port(entryPoint)), kind])).toEqual({
      late: 'after your end: first',
    });
  });
});
