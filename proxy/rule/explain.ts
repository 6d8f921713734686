import type { ProxyRequest } from '../http/exchange.ts';
import { explainTree, type RuleExplanation, type RuleSubject } from './explain-tree.ts';
import { createMatch } from './matchers.ts';
import { routingPath } from './path.ts';
import { queryValues } from './query.ts';
import type { MatcherNode, RuleNode } from './rule-node.ts';

/** Says why a rule matches a request or does not, part by part. */
export function explainRule(node: RuleNode, request: ProxyRequest): RuleExplanation {
  return explainTree(node, {
    holds: (matcher) => createMatch(matcher)(request),
    subject: subjectOf,
    actual: (matcher) => actualValue(matcher, request),
  });
}

function subjectOf(matcher: MatcherNode): RuleSubject {
  const key = matcher.args[0] ?? '';
  switch (matcher.name) {
    case 'Host':
    case 'HostRegexp':
      return { kind: 'host', key: '' };
    case 'Path':
    case 'PathPrefix':
    case 'PathRegexp':
      return { kind: 'path', key: '' };
    case 'Method':
      return { kind: 'method', key: '' };
    case 'ClientIP':
      return { kind: 'client', key: '' };
    case 'Header':
    case 'HeaderRegexp':
      return { kind: 'header', key };
    case 'Query':
    case 'QueryRegexp':
      return { kind: 'query', key };
    default:
      return matcher.name satisfies never;
  }
}

function actualValue(matcher: MatcherNode, request: ProxyRequest): string | null {
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
      return request.headers.has(key) ? request.headers.getAll(key).join(', ') : null;
    case 'Query':
    case 'QueryRegexp': {
      const values = queryValues(request.query, key);
      return values.length > 0 ? values.join(', ') : null;
    }
    default:
      return matcher.name satisfies never;
  }
}
