import type { RouterConfig, ServiceConfig } from '../../proxy/model/dynamic.ts';
import { RuleError } from '../../proxy/rule/rule-error.ts';
import { type Token, tokenise } from '../../proxy/rule/tokenise.ts';
import type { Override } from '../providers/provider.ts';
import type { Overridden, Published } from './judgement.ts';

/** A router as somebody wants it. What its provider says stays known. */
export function overrideRouter(item: Published<RouterConfig>, wanted: Override): Published<RouterConfig> {
  const { config } = item;
  const { host, guard } = wanted;
  const middlewares = wanted.middlewares ?? config.middlewares ?? [];
  return {
    ...item,
    config: {
      ...config,
      ...(host === null ? {} : { rule: ruleForHost(config.rule ?? '', host) }),
      ...(wanted.middlewares === null && guard === null
        ? {}
        : { middlewares: [...(guard === null ? [] : [guard]), ...middlewares] }),
    },
    overridden: overriddenBy(wanted, config.rule ?? '', config.middlewares ?? []),
  };
}

/** A service as somebody wants it: what stands before it, whatever router leads there. */
export function overrideService(item: Published<ServiceConfig>, wanted: Override): Published<ServiceConfig> {
  const { config } = item;
  const { guard } = wanted;
  const middlewares = wanted.middlewares ?? config.middlewares ?? [];
  return {
    ...item,
    config: { ...config, middlewares: [...(guard === null ? [] : [guard]), ...middlewares] },
    overridden: overriddenBy(wanted, '', config.middlewares ?? []),
  };
}

function overriddenBy(wanted: Override, rule: string, middlewares: readonly string[]): Overridden {
  const fields: Overridden['fields'][number][] = [];
  if (wanted.host !== null) fields.push('host');
  if (wanted.middlewares !== null) fields.push('middlewares');
  if (wanted.guard !== null) fields.push('protection');
  if (wanted.paused) fields.push('paused');
  return { rule, middlewares, fields };
}

/**
 * The rule for another host: each matcher of hosts gives way, and paths, methods and the rest stay. A rule without one
 * is narrowed to the host; one that cannot be read is replaced.
 */
export function ruleForHost(rule: string, host: string): string {
  const own = `Host(\`${host}\`)`;
  let tokens: Token[];
  try {
    tokens = tokenise(rule);
  } catch (error) {
    if (error instanceof RuleError) return own;
    throw error;
  }
  const places = tokens.flatMap((token, i) => {
    const isHost = token.kind === 'name' && /^host(?:header|regexp)?$/i.test(token.text);
    // What a rule keeps out stays out.
    if (!isHost || tokens[i - 1]?.kind === '!' || tokens[i + 1]?.kind !== '(') return [];
    const close = tokens.slice(i).find(({ kind }) => kind === ')');
    return close === undefined ? [] : [{ from: token.position, to: close.end }];
  });
  if (places.length === 0) return rule.trim() === '' ? own : `${own} && (${rule})`;
  let next = '';
  let at = 0;
  for (const { from, to } of places) {
    next += `${rule.slice(at, from)}${own}`;
    at = to;
  }
  next += rule.slice(at);
  const alternatives = next.split('||').map((part) => part.trim());
  return alternatives.every((part) => part === own) ? own : next;
}
