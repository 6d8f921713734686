import type { RequestRecord } from '../../proxy/model/request-record.ts';
import type { Explanation } from '../contract/objects.ts';
import type { EngineContext } from './context.ts';
import { OperationError } from './error.ts';
import { type ExplainInput, explain as explainRequest } from './explain.ts';
import { InvalidUrlError } from './explain-request.ts';
import { operations } from './implementer.ts';

export const explain = operations.explain.handler(({ context, input }) => {
  const { ref, url, ...more } = input;
  if ((ref === undefined) === (url === undefined)) {
    throw new OperationError('INVALID', 'Give either an address or the reference of a request.', {
      reason: 'URL_OR_REFERENCE',
    });
  }
  return url === undefined
    ? explainRecord(context.engine, ref ?? '', more)
    : explainUrl(context.engine, { url, ...more });
});

function explainUrl(engine: EngineContext, input: ExplainInput): Explanation {
  const { status, services } = engine.snapshot();
  const { entryPoints, pausedAll } = status;
  try {
    return explainRequest(engine.runtime(), { entryPoints, services, pausedAll }, input);
  } catch (error) {
    if (!(error instanceof InvalidUrlError)) throw error;
    throw new OperationError('INVALID', error.message, { reason: 'URL_INVALID', url: input.url });
  }
}

/** A request that came: what is known of it is asked again of the configuration of now. Its header fields are not kept. */
function explainRecord(engine: EngineContext, ref: string, more: Omit<ExplainInput, 'url'>): Explanation {
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
    outcome: 'refused',
    sentence: `It was refused with ${status} before any router was asked${why}.`,
    routers: [],
    skippedByHost: 0,
    router: null,
    middlewares: [],
    service: null,
    servers: [],
    disabled: [],
  };
}
