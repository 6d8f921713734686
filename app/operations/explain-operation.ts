import { isIP } from 'node:net';
import type { RequestRecord } from '../../proxy/model/request-record.ts';
import type { Explanation } from '../contract/explanation.ts';
import type { EngineContext } from './context.ts';
import { OperationError } from './error.ts';
import { type ExplainInput, type ExplainSurroundings, explain as explainRequest } from './explain.ts';
import { InvalidUrlError } from './explain-request.ts';
import { explainStream, isStreamUrl, readStreamQuestion } from './explain-stream.ts';
import { verdict } from './explain-verdicts.ts';
import { operations } from './implementer.ts';

export const explain = operations.explain.handler(({ context, input }) => {
  const { ref, url, ...more } = input;
  if ((ref === undefined) === (url === undefined)) {
    throw new OperationError('INVALID', 'Give either an address or the reference of a request.', {
      reason: 'URL_OR_REFERENCE',
    });
  }
  if (more.from !== undefined && isIP(more.from) === 0) {
    throw new OperationError('INVALID', `"${more.from}" is not the address of a visitor, such as 192.168.1.20.`, {
      reason: 'FROM_INVALID',
      from: more.from,
    });
  }
  return url === undefined
    ? explainRecord(context.engine, ref ?? '', more)
    : explainUrl(context.engine, { url, ...more });
});

interface Question extends ExplainInput {
  readonly alpn?: readonly string[] | undefined;
}

function explainUrl(engine: EngineContext, input: Question): Explanation {
  try {
    return isStreamUrl(input.url)
      ? explainStream(engine.runtime(), surroundingsOf(engine), readStreamQuestion(input))
      : explainRequest(engine.runtime(), surroundingsOf(engine), input);
  } catch (error) {
    if (!(error instanceof InvalidUrlError)) throw error;
    throw new OperationError('INVALID', error.message, { reason: 'URL_INVALID', url: input.url });
  }
}

function surroundingsOf(engine: EngineContext): ExplainSurroundings {
  const { status, services } = engine.snapshot();
  return { entryPoints: status.entryPoints, services, pausedAll: status.pausedAll };
}

/** A connection that came, asked again of the configuration of now. */
function explainConnection(engine: EngineContext, record: RequestRecord): Explanation {
  const { scheme, host, clientIp, entryPoint } = record;
  const asked = scheme === 'tls' || scheme === 'udp' ? scheme : 'plain';
  const question = { scheme: asked, host, port: null, entryPoint, clientIp, alpn: [] } as const;
  return explainStream(engine.runtime(), surroundingsOf(engine), question);
}

/** A request that came: what is known of it is asked again of the configuration of now. Its header fields are not kept. */
function explainRecord(engine: EngineContext, ref: string, more: Omit<Question, 'url'>): Explanation {
  // People copy references from pages, with what stands around them.
  const id = /[0-9a-v]{16}/.exec(ref.toLowerCase())?.[0] ?? ref;
  const record = engine.requests.get(id);
  if (!record) {
    throw new OperationError('NOT_FOUND', `There is no request ${id} in the log (any more).`, {
      reason: 'REQUEST_UNKNOWN',
      id,
    });
  }
  const { at, status, router, error } = record;
  const recorded = { id, at, status, router, error };
  if (record.protocol === 'TCP' || record.protocol === 'UDP') return { ...explainConnection(engine, record), recorded };
  if (record.host === '' || isRefusedBeforeRouting(record)) return { ...refusedBeforeRouting(record), recorded };
  const host = record.host.includes(':') ? `[${record.host}]` : record.host;
  const explanation = explainUrl(engine, {
    method: record.method,
    from: record.clientIp,
    entryPoint: record.entryPoint,
    ...more,
    url: record.target.startsWith('/') ? `${record.scheme}://${host}${record.target}` : record.target,
  });
  return { ...explanation, recorded };
}

function isRefusedBeforeRouting({ error, router }: RequestRecord): boolean {
  if (router !== null || error === null) return false;
  return ['REQUEST_MALFORMED', 'REQUEST_TIMEOUT', 'HEADERS_TOO_LARGE', 'MISDIRECTED'].includes(error.code);
}

function refusedBeforeRouting(record: RequestRecord): Omit<Explanation, 'recorded'> {
  const { method, scheme, host, target, clientIp, entryPoint, status, error } = record;
  const mark = target.indexOf('?');
  const why = error === null || error.detail === '' ? '' : `: ${error.detail}`;
  return {
    entryPoint,
    request: {
      method,
      scheme,
      host,
      path: mark < 0 ? target : target.slice(0, mark),
      query: mark < 0 ? '' : target.slice(mark + 1),
      clientIp,
    },
    ...verdict('refused', 'REFUSED_EARLY', `It was refused with ${status} before any router was asked${why}.`, {
      status,
    }),
    routers: [],
    skippedByHost: 0,
    router: null,
    middlewares: [],
    service: null,
    servers: [],
    disabled: [],
  };
}
