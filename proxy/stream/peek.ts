import type { Socket } from 'node:net';
import { maxProxyHeaderBytes, type ProxyHeader, readProxyHeader } from './proxy-protocol.ts';

/**
 * Reads the PROXY protocol's header off a connection, and leaves the rest to be read. Calls back once, with
 * `malformed` and a destroyed socket where the header was begun and is none, or did not come whole in time.
 */
export function takeProxyHeader(
  socket: Socket,
  timeoutMs: number,
  done: (header: Exclude<ProxyHeader, { kind: 'more' }>) => void,
): void {
  const chunks: Buffer[] = [];
  const finish = (header: Exclude<ProxyHeader, { kind: 'more' }>, rest: Buffer): void => {
    clearTimeout(timer);
    socket.off('readable', onReadable).off('end', onGone).off('close', onGone).off('error', onGone);
    if (header.kind === 'malformed') socket.destroy();
    else if (rest.length > 0) socket.unshift(rest);
    done(header);
  };
  const onGone = (): void => finish({ kind: 'malformed' }, Buffer.alloc(0));
  const onReadable = (): void => {
    for (let chunk: unknown = socket.read(); Buffer.isBuffer(chunk); chunk = socket.read()) chunks.push(chunk);
    if (chunks.length === 0) return;
    const bytes = Buffer.concat(chunks);
    const header = readProxyHeader(bytes);
    if (header.kind === 'more' && bytes.length < maxProxyHeaderBytes) return;
    if (header.kind === 'more') onGone();
    else finish(header, header.kind === 'header' ? bytes.subarray(header.length) : bytes);
  };
  const timer = setTimeout(onGone, timeoutMs);
  socket.on('readable', onReadable).on('end', onGone).on('close', onGone).on('error', onGone);
}
