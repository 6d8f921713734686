import { blankNotes, type Exchange, type ProxyRequest, type ResponseSink } from '../../proxy/http/exchange.ts';
import { createMiddlewareBuilder } from '../../proxy/middleware/builder.ts';
import { middlewareTable } from '../../proxy/middleware/table.ts';
import { says } from '../../proxy/middleware/verdict.ts';
import type { MiddlewareConfig } from '../../proxy/model/dynamic.ts';
import type { Explanation } from '../contract/explanation.ts';

type MiddlewareStep = Explanation['middlewares'][number];
type Configs = Readonly<Record<string, MiddlewareConfig>>;

/** Middlewares in order, chains unfolded, up to the first that certainly ends the request's way. */
export function walkMiddlewares(names: readonly string[], configs: Configs, asked: ProxyRequest): MiddlewareStep[] {
  const steps: MiddlewareStep[] = [];
  for (const name of names) {
    const config = configs[name] ?? {};
    const type = Object.keys(config)[0] ?? '';
    const options: unknown = config[type];
    if (type === 'chain') {
      const inner = (options as { readonly middlewares?: readonly string[] } | undefined)?.middlewares ?? [];
      steps.push(...walkMiddlewares(inner, configs, asked));
    } else {
      steps.push(judge(name, type, options, asked));
    }
    const verdict = steps.at(-1)?.verdict;
    if (verdict === 'refuses' || verdict === 'answers') return steps;
  }
  return steps;
}

function judge(name: string, type: string, options: unknown, asked: ProxyRequest): MiddlewareStep {
  const definition = middlewareTable.get(type);
  const parsed = definition?.schema.safeParse(options ?? {});
  if (!definition || !parsed?.success) {
    return { name, type, ...says('refuses', 'UNUSABLE') };
  }
  const explained = definition.explain?.(parsed.data, asked);
  return explained === undefined
    ? { name, type, verdict: 'passes', detail: definition.summary }
    : { name, type, ...explained };
}

/** Types that change a request by nothing but their options, and ask nobody. */
const changing: ReadonlySet<string> = new Set([
  'addPrefix',
  'stripPrefix',
  'stripPrefixRegex',
  'replacePath',
  'replacePathRegex',
  'headers',
]);

/** The request as middlewares hand it on, as far as that can be told without sending anything. */
export function throughMiddlewares(names: readonly string[], configs: Configs, asked: ProxyRequest): ProxyRequest {
  const request = { ...asked, headers: asked.headers.clone() };
  const builder = createMiddlewareBuilder(configs);
  for (const name of unfolded(names, configs)) {
    if (!changing.has(Object.keys(configs[name] ?? {})[0] ?? '')) continue;
    try {
      void builder.build(name)(() => undefined)(unanswered(request));
    } catch {
      // It cannot be built: what that means for the request stands with its step.
    }
  }
  return request;
}

function unfolded(names: readonly string[], configs: Configs): readonly string[] {
  return names.flatMap((name) => {
    const chain = configs[name]?.['chain'] as { readonly middlewares?: readonly string[] } | undefined;
    return chain === undefined ? [name] : unfolded(chain.middlewares ?? [], configs);
  });
}

const nowhere: ResponseSink = {
  informational: () => undefined,
  head: () => undefined,
  write: () => true,
  onDrain: () => undefined,
  end: () => undefined,
  abort: () => undefined,
};

function unanswered(request: ProxyRequest): Exchange {
  return {
    request,
    sink: nowhere,
    signal: new AbortController().signal,
    notes: blankNotes(),
  };
}
