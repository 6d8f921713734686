import type { ProxyRequest } from '../http/exchange.ts';
import { compileRule } from './compile.ts';
import { createMatch } from './matchers.ts';
import { routingPath } from './path.ts';
import { queryValues } from './query.ts';
import { type MatcherNode, matchersOf, type RuleNode } from './rule-node.ts';

export interface RuleExplanation {
  readonly matched: boolean;
  /** One sentence: the first part that did not hold, or what held. */
  readonly reason: string;
  readonly matchers: { text: string; matched: boolean; actual: string }[];
}

/** Says why a rule matches a request or does not, part by part. */
export function explainRule(node: RuleNode, request: ProxyRequest): RuleExplanation {
  const matched = compileRule(node)(request);
  const matchers = matchersOf(node).map((matcher) => ({
    text: matcher.text,
    matched: createMatch(matcher)(request),
    actual: actualValue(matcher, request),
  }));
  const decisive = decisiveMatchers(node, request, matched, false);
  return { matched, reason: decisive.map((part) => sentence(part, request)).join('; '), matchers };
}

interface Decisive {
  readonly matcher: MatcherNode;
  readonly negated: boolean;
}

/** The parts on which the result rests: one where one suffices, all where all were needed. */
function decisiveMatchers(node: RuleNode, request: ProxyRequest, result: boolean, negated: boolean): Decisive[] {
  switch (node.kind) {
    case 'matcher':
      return [{ matcher: node, negated }];
    case 'not':
      return decisiveMatchers(node.operand, request, !result, !negated);
    case 'and':
    case 'or': {
      const one = node.operands.find((operand) => compileRule(operand)(request) === result);
      const oneSuffices = result === (node.kind === 'or');
      if (oneSuffices) return one ? decisiveMatchers(one, request, result, negated) : [];
      return node.operands.flatMap((operand) => decisiveMatchers(operand, request, result, negated));
    }
    default:
      return node satisfies never;
  }
}

function sentence(part: Decisive, request: ProxyRequest): string {
  const holds = createMatch(part.matcher)(request);
  const written = part.negated ? `!${part.matcher.text}` : part.matcher.text;
  const verdict = holds === part.negated ? 'does not hold' : 'holds';
  return `${written} ${verdict}: ${subject(part.matcher)} is ${actualValue(part.matcher, request) || 'empty'}`;
}

function subject(matcher: MatcherNode): string {
  switch (matcher.name) {
    case 'Host':
    case 'HostRegexp':
      return 'the host';
    case 'Path':
    case 'PathPrefix':
    case 'PathRegexp':
      return 'the path';
    case 'Method':
      return 'the method';
    case 'ClientIP':
      return 'the client';
    case 'Header':
    case 'HeaderRegexp':
      return `the header ${matcher.args[0] ?? ''}`;
    case 'Query':
    case 'QueryRegexp':
      return `the query's ${matcher.args[0] ?? ''}`;
    default:
      return matcher.name satisfies never;
  }
}

function actualValue(matcher: MatcherNode, request: ProxyRequest): string {
  const key = matcher.args[0] ?? '';
  switch (matcher.name) {
    case 'Host':
    case 'HostRegexp':
      return request.host;
    case 'Path':
    case 'PathPrefix':
    case 'PathRegexp':
      return routingPath(request.path);
    case 'Method':
      return request.method;
    case 'ClientIP':
      return request.clientIp;
    case 'Header':
    case 'HeaderRegexp':
      return request.headers.has(key) ? request.headers.getAll(key).join(', ') : 'absent';
    case 'Query':
    case 'QueryRegexp': {
      const values = queryValues(request.query, key);
      return values.length > 0 ? values.join(', ') : 'absent';
    }
    default:
      return matcher.name satisfies never;
  }
}
