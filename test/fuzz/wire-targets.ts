import net from 'node:net';
import { tryCase } from '../attack/judge.ts';
import { startRecordingServer } from '../attack/recorder.ts';
import { loadBalancer, startProxy } from '../support/proxy-harness.ts';
import { must, requests, type Target } from './targets.ts';

/** Targets with sockets of their own, and how to close them. */
export interface WireTarget {
  readonly target: Target;
  readonly close: () => Promise<void>;
}

const words = [
  ...[
    '\r\n',
    '\n',
    '\r',
    ' ',
    ':',
    ',',
    '\0',
    '0\r\n\r\n',
    '5\r\nhello\r\n',
    ' HTTP/1.1',
    'GET /',
    'POST /',
    'Host: app.localhost\r\n',
  ],
  ...[
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Connection: close\r\n',
    'Upgrade: websocket\r\n',
    'Content-Length',
    'Transfer-Encoding',
  ],
];

/** Requests of strangers: what reaches a server must be read in one way, and each answer must be for its own request. */
export async function openForwarder(): Promise<WireTarget> {
  const server = await startRecordingServer();
  const harness = await startProxy({ services: { 'app@test': loadBalancer([`http://127.0.0.1:${server.port}`]) } });
  return {
    target: {
      name: 'forwarder',
      seeds: requests,
      words,
      async attempt(input) {
        const outcome = await tryCase({ name: '', group: '', bytes: input }, harness.port(), server, true);
        must(outcome.verdict !== 'ambiguous', `what is forwarded is read in one way: ${outcome.why}`);
        return `${outcome.verdict} ${outcome.statuses.join(' ').slice(0, 12)}`;
      },
    },
    async close() {
      await harness.close();
      await server.close();
    },
  };
}

const answers = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: a\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello',
  'HTTP/1.0 200 OK\r\nSet-Cookie: a=b\r\n\r\nhello',
  'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello',
];

/** Answers of a server that is broken or hostile: a client sees an answer with one reading, or a connection that ends. */
export async function openAnswers(): Promise<WireTarget> {
  let answer: Buffer = Buffer.alloc(0);
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('data', () => socket.end(answer));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as net.AddressInfo;
  const harness = await startProxy({ services: { 'app@test': loadBalancer([`http://127.0.0.1:${port}`]) } });
  return {
    target: {
      name: 'answers',
      seeds: answers.map((text) => Buffer.from(text)),
      words: [
        ...words,
        'HTTP/1.1 200 OK\r\n',
        'HTTP/1.1 101 ',
        'HTTP/1.1 100 \r\n\r\n',
        'Trailer: X\r\n',
        'Connection: Upgrade\r\n',
      ],
      async attempt(input) {
        answer = input;
        const received = await ask(harness.port());
        // Broken off before its head went out.
        if (received === '') return 'nothing';
        const head =
          /^((?:HTTP\/1\.1 1\d\d [^\r\n]*\r\n(?:[^\r\n:]+: [^\r\n]*\r\n)*\r\n)*)HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n:]+:[^\r\n]*\r\n)*)\r\n/.exec(
            received,
          );
        must(head !== null, `an answer begins with a head: ${JSON.stringify(received.slice(0, 200))}`);
        const fields = head?.[3] ?? '';
        const lengths = fields.match(/^(?:content-length|transfer-encoding):/gim)?.length ?? 0;
        must(lengths <= 1, 'an answer has one length at most');
        const status = Number(head?.[2]);
        must(status >= 200 && status <= 999, `an answer has a final status: ${status}`);
        const length = /^content-length: (\d+)\r$/im.exec(fields)?.[1];
        const body = received.slice(head?.[0].length ?? 0);
        if (length !== undefined && status !== 304)
          must(body.length <= Number(length), 'a body is not longer than its length');
        if (status === 204 || status === 304) must(body === '', 'an answer without content has none');
        return `${status} ${lengths} ${Math.min(6, body.length)}`;
      },
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await harness.close();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: '127.0.0.1', port });
    let received = '';
    socket.setTimeout(10_000, () => {
      socket.destroy();
      reject(new Error('What must hold does not: every request is answered'));
    });
    socket.on('data', (data) => (received += data.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
    socket.write('GET / HTTP/1.1\r\nHost: app.localhost\r\nConnection: close\r\n\r\n');
  });
}
