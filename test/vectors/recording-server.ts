import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HeaderList } from '../../proxy/http/header-list.ts';
import { parseDurationMs } from '../../proxy/model/duration.ts';
import { bytesOf, type Forwarded, type ToldAnswer } from './traffic.ts';

/** A real HTTP server that notes what it is sent and answers as told. */
export interface RecordingServer {
  readonly address: string;
  begin(answer: ToldAnswer): void;
  calls(): readonly Forwarded[];
  close(): Promise<void>;
}

export async function startRecordingServer(): Promise<RecordingServer> {
  let told: ToldAnswer = {};
  let calls: Forwarded[] = [];
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const [path = '/', query = ''] = (message.url ?? '/').split('?', 2);
      const authority = message.headers.host ?? '';
      const headers = new HeaderList(message.rawHeaders.slice());
      calls.push({
        method: message.method ?? '',
        authority,
        host: authority,
        path,
        query,
        headers,
        body: Buffer.concat(chunks),
      });
      setTimeout(() => answerAs(response, told), parseDurationMs(told.delay ?? '0s') ?? 0);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    begin(answer) {
      told = answer;
      calls = [];
    },
    calls: () => calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerAs(response: ServerResponse, told: ToldAnswer): void {
  for (const [op, name, value] of told.headers ?? []) {
    if (name.toLowerCase() === 'transfer-encoding') continue;
    if (op === 'set') response.setHeader(name, value);
    else response.appendHeader(name, value);
  }
  response.statusCode = told.status ?? 200;
  response.end(told.redirect === true ? '<a href="/">Found</a>.\n\n' : bytesOf(told.body));
}
