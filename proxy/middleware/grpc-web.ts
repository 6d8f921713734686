import { z } from 'zod';
import { answer, type Exchange, type ProxyRequest } from '../http/exchange.ts';
import { HeaderList } from '../http/header-list.ts';
import { requestWithBody } from '../http/whole-body.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { Base64Decoder, GrpcWebSink } from './grpc-web-sink.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({ allowOrigins: z.array(z.string()).optional() });
type Config = z.infer<typeof schema>;

const grpcWebType = 'application/grpc-web';
const textType = 'application/grpc-web-text';

export const grpcWeb: MiddlewareDefinition<Config> = {
  type: 'grpcWeb',
  summary: 'Lets browsers talk to gRPC services: it turns gRPC-Web into gRPC and back.',
  schema,
  build(config, context) {
    const { allowOrigins = [] } = config;
    const isAllowed = (origin: string | undefined): origin is string =>
      origin !== undefined && origin !== '' && (allowOrigins.includes('*') || allowOrigins.includes(origin));
    return (next) => (exchange) => {
      const { request } = exchange;
      const origin = request.headers.get('origin');
      if (isPreflight(request)) {
        context.verdict(exchange, 'answered');
        return answer(exchange, 204, preflightHeaders(request, isAllowed(origin) ? origin : null));
      }
      const type = grpcWebTypeOf(request);
      if (type === null) return next(exchange);
      return next(translated(exchange, type, isAllowed(origin) ? origin : null));
    };
  },
  explain: (_config, request) => {
    if (isPreflight(request)) return says('answers', 'PREFLIGHT_TOLD');
    return grpcWebTypeOf(request) === null ? says('passes', 'GRPC_WEB_NOT') : says('passes', 'GRPC_WEB');
  },
};

/** The content type of a gRPC-Web request, or null for another. */
function grpcWebTypeOf({ method, headers }: ProxyRequest): string | null {
  const type = headers.get('content-type') ?? '';
  return method === 'POST' && type.startsWith(grpcWebType) ? type : null;
}

function isPreflight({ method, headers }: ProxyRequest): boolean {
  const asked = headers.get('access-control-request-headers')?.toLowerCase() ?? '';
  return method === 'OPTIONS' && asked.includes('x-grpc-web');
}

function preflightHeaders(request: ProxyRequest, origin: string | null): HeaderList {
  const headers = new HeaderList(['Vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers']);
  if (origin === null || request.headers.get('access-control-request-method') !== 'POST') return headers;
  headers.append('Access-Control-Allow-Origin', origin);
  headers.append('Access-Control-Allow-Methods', 'POST');
  headers.append('Access-Control-Allow-Headers', request.headers.get('access-control-request-headers') ?? '');
  headers.append('Access-Control-Allow-Credentials', 'true');
  headers.append('Access-Control-Max-Age', '600');
  return headers;
}

function translated({ request, sink, notes, signal }: Exchange, type: string, origin: string | null): Exchange {
  const isText = type.startsWith(textType);
  const body = isText && request.body !== null ? request.body.pipe(new Base64Decoder()) : request.body;
  if (body !== request.body) request.body?.on('error', (error) => body?.destroy(error));
  const grpc = requestWithBody(request, body);
  const { headers } = grpc;
  headers.delete('content-length');
  headers.set('Content-Type', type.replace(isText ? textType : grpcWebType, 'application/grpc'));
  headers.set('TE', 'trailers');
  const answered = new GrpcWebSink(sink, isText, (head) => {
    const answerType = head.headers.get('content-type') ?? 'application/grpc';
    head.headers.set('Content-Type', answerType.replace('application/grpc', isText ? textType : grpcWebType));
    if (origin === null) return;
    const names = new Set([...head.headers].map(([name]) => name));
    head.headers.set('Access-Control-Allow-Origin', origin);
    head.headers.set('Access-Control-Allow-Credentials', 'true');
    head.headers.set('Access-Control-Expose-Headers', [...names, 'grpc-status', 'grpc-message'].join(', '));
    head.headers.append('Vary', 'Origin');
  });
  return { request: grpc, sink: answered, notes, signal };
}
