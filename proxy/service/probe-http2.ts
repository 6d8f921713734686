import { HeaderList } from '../http/header-list.ts';
import { UpstreamPools } from '../http/pools.ts';
import { createUpstream, type UpstreamAnswer } from '../http/upstream.ts';
import type { HealthCheckConfig } from '../model/dynamic.ts';
import { failureReason, judgeStatus, type ProbeContext, probeUrl } from './probe-verdict.ts';

const maxAnswerBytes = 128 * 1024;
const grpcPath = '/grpc.health.v1.Health/Check';
/** A message of no bytes, not compressed: how is the server as a whole? */
const emptyMessage = Buffer.alloc(5);
const serving = 1;

/** Asks a server that speaks HTTP/2: a page of it (h2c), or gRPC's health service. Null where it is well; else why not. */
export async function probeHttp2(
  serverUrl: string,
  config: HealthCheckConfig,
  context: ProbeContext,
): Promise<string | null> {
  const isGrpc = config.mode === 'grpc';
  const asHttp = serverUrl.replace(/^h2c:/i, 'http:');
  // A connection of its own, so that it sees what a new client would see.
  const pools = new UpstreamPools();
  let url: URL;
  try {
    url = probeUrl(asHttp, isGrpc ? { ...config, path: grpcPath } : config);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  try {
    const address = url.protocol === 'https:' ? url.href : url.href.replace(/^http:/, 'h2c:');
    const answer = await createUpstream(address, context.transport, pools).ask({
      method: isGrpc ? 'POST' : (config.method || 'GET').toUpperCase(),
      headers: requestHeaders(config, isGrpc),
      ...(config.hostname ? { host: config.hostname } : {}),
      body: isGrpc ? emptyMessage : null,
      maxAnswerBytes,
      timeoutMs: context.timeoutMs,
      signal: context.signal,
    });
    return isGrpc ? judgeGrpc(answer) : judgeStatus(answer.status, config);
  } catch (error) {
    return failureReason(error, url);
  } finally {
    pools.destroy();
  }
}

function requestHeaders(config: HealthCheckConfig, isGrpc: boolean): HeaderList {
  const headers = new HeaderList(['user-agent', 'Gatehouse health check']);
  for (const [name, value] of Object.entries(config.headers ?? {})) headers.set(name, value);
  if (isGrpc) {
    headers.set('content-type', 'application/grpc');
    headers.set('te', 'trailers');
  }
  return headers;
}

/** The answer of gRPC's health service (grpc.health.v1): a status in trailers, then in the message. */
function judgeGrpc({ status, headers, trailers, body }: UpstreamAnswer): string | null {
  if (status !== 200) return `It answered ${status}.`;
  const code = trailers.get('grpc-status') ?? headers.get('grpc-status');
  if (code === '12') return 'It does not implement the gRPC health service.';
  if (code !== '0') return `Its gRPC health service answered with status ${code ?? 'none'}.`;
  // Field 1 of the message, a number. A field that is 0 (unknown) is left out.
  const health = body.length >= 7 && body[5] === 0x08 ? body[6] : 0;
  return health === serving ? null : 'Its gRPC health service says that it does not serve.';
}
