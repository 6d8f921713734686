import net from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type Harness, loadBalancer, startProxy, until } from '../../test/support/proxy-harness.ts';
import { answerOf, scriptedServer } from '../../test/support/upstream-asking.ts';

const closers: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A client that keeps its connection: sends a request and gives the body of the answer. */
async function client(harness: Harness): Promise<(fields?: string) => Promise<string>> {
  const socket = net.connect(harness.port(), '127.0.0.1');
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  closers.push(async () => void socket.destroy());
  return async (fields = '') => {
    text = '';
    socket.write(`GET / HTTP/1.1\r\nHost: app.test\r\n${fields}\r\n`);
    const isWhole = (): boolean => {
      const length = /content-length: (\d+)/i.exec(text)?.[1];
      const headEnd = text.indexOf('\r\n\r\n');
      return headEnd > 0 && length !== undefined && text.length >= headEnd + 4 + Number(length);
    };
    await until(isWhole, 'an answer');
    return text.slice(text.indexOf('\r\n\r\n') + 4);
  };
}

test('a connection that a client has signed in serves no other client', async () => {
  /** Connections that are signed in, as a server that speaks NTLM has it. */
  const signedIn = new Set<number>();
  const server = await scriptedServer(({ text, connection, socket }) => {
    if (/\r\nAuthorization: NTLM /i.test(text)) signedIn.add(connection);
    socket.write(answerOf(`${connection} ${signedIn.has(connection) ? 'as Ann' : 'as nobody'}`));
  });
  closers.push(server.close);
  const harness = await startProxy({ services: { 'app@test': loadBalancer([server.url]) } });
  closers.push(() => harness.close());
  const ann = await client(harness);
  const bob = await client(harness);
  expect(await bob()).toBe('1 as nobody');
  expect(await ann('Authorization: NTLM TlRMTVNTUAAD\r\n')).toBe('1 as Ann');
  for (let n = 0; n < 3; n += 1) {
    expect(await bob()).toBe('2 as nobody');
    expect(await ann()).toBe('1 as Ann');
  }
  const carol = await client(harness);
  expect(await carol()).toBe('2 as nobody');
});

test('a connection on which a server asked for such a sign-in belongs to who was asked', async () => {
  const server = await scriptedServer(({ text, connection, socket }) => {
    if (text.includes('X-Ask'))
      socket.write(
        `HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 1\r\n\r\n${connection}`,
      );
    else socket.write(answerOf(String(connection)));
  });
  closers.push(server.close);
  const harness = await startProxy({ services: { 'app@test': loadBalancer([server.url]) } });
  closers.push(() => harness.close());
  const ann = await client(harness);
  const bob = await client(harness);
  expect(await ann('X-Ask: 1\r\n')).toBe('1');
  expect(await bob()).toBe('2');
  expect(await ann()).toBe('1');
  expect(await bob()).toBe('2');
});
