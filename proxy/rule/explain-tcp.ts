import { explainTree, type RuleExplanation, type RuleSubject } from './explain-tree.ts';
import { compileTcpRule, type TcpConnection, type TcpMatcherNode, type TcpRuleNode } from './tcp.ts';

/** Says why the rule of a TCP router matches a connection or does not, part by part. */
export function explainTcpRule(node: TcpRuleNode, connection: TcpConnection): RuleExplanation {
  return explainTree(node, {
    holds: (matcher) => compileTcpRule(matcher)(connection),
    subject: subjectOf,
    actual: (matcher) => actualValue(matcher, connection),
  });
}

function subjectOf({ name }: TcpMatcherNode): RuleSubject {
  switch (name) {
    case 'HostSNI':
    case 'HostSNIRegexp':
      return { kind: 'serverName', key: '' };
    case 'ClientIP':
      return { kind: 'client', key: '' };
    case 'ALPN':
      return { kind: 'alpn', key: '' };
    default:
      return name satisfies never;
  }
}

function actualValue({ name }: TcpMatcherNode, { serverName, clientIp, alpn }: TcpConnection): string | null {
  switch (name) {
    case 'HostSNI':
    case 'HostSNIRegexp':
      return serverName === '' ? null : serverName;
    case 'ClientIP':
      return clientIp;
    case 'ALPN':
      return alpn.length === 0 ? null : alpn.join(', ');
    default:
      return name satisfies never;
  }
}
