import type { Socket } from 'node:net';
import { upstreamFailure } from '../http/upstream-errors.ts';
import type { TcpHealthCheckConfig } from '../model/stream.ts';
import { parseServerAddress } from './address.ts';
import type { Dialer } from './dial.ts';

/** Asks a server once. Null: it is well; otherwise why not, in words. */
export async function probeTcp(
  server: { readonly address: string; readonly tls: boolean },
  config: TcpHealthCheckConfig,
  { dialer, timeoutMs, signal }: { readonly dialer: Dialer; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<string | null> {
  const late = AbortSignal.timeout(timeoutMs);
  let socket: Socket | null = null;
  try {
    const either = AbortSignal.any([signal, late]);
    socket = await dialer.dial(withPort(server.address, config.port), server.tls, null, either);
    if (config.send !== undefined && config.send !== '') socket.write(config.send);
    if (config.expect === undefined || config.expect === '') return null;
    const wanted = Buffer.from(config.expect);
    const answer = await firstBytes(socket, wanted.length, either);
    if (answer.equals(wanted)) return null;
    return `It answered ${JSON.stringify(answer.toString('latin1'))} where ${JSON.stringify(config.expect)} is expected`;
  } catch (error) {
    if (late.aborted) return `It did not answer within ${timeoutMs} ms`;
    return upstreamFailure(error instanceof Error ? error : new Error(String(error))).detail;
  } finally {
    socket?.destroy();
  }
}

function withPort(address: string, port: number | undefined): string {
  const parsed = parseServerAddress(address);
  if (port === undefined || parsed === null) return address;
  return `${parsed.host.includes(':') ? `[${parsed.host}]` : parsed.host}:${port}`;
}

/** As many as were asked for, or fewer where the connection ends before. Rejects where it breaks, or at the signal. */
function firstBytes(socket: Socket, length: number, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const onAbort = (): void => reject(new Error('no answer in time'));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    socket.on('error', reject);
    socket.on('end', () => resolve(bytes));
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length >= length) resolve(bytes.subarray(0, length));
    });
  });
}
