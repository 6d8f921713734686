import { hostKey } from './matchers.ts';
import type { RuleNode } from './rule-node.ts';

/**
 * Hosts that a rule names by `Host`, without those under a `!`: what certificates are made for and links lead to.
 * Wildcards (`*.example.com`) are among them; `*` alone, which names no host, is not.
 */
export function hostsOfRule(node: RuleNode): string[] {
  const hosts = new Set<string>();
  gather(node, false, hosts);
  return [...hosts];
}

function gather(node: RuleNode, negated: boolean, hosts: Set<string>): void {
  switch (node.kind) {
    case 'matcher': {
      if (negated || node.name !== 'Host') return;
      const key = hostKey(node);
      if (key !== '*') hosts.add(key);
      return;
    }
    case 'not':
      gather(node.operand, !negated, hosts);
      return;
    case 'and':
    case 'or':
      for (const operand of node.operands) gather(operand, negated, hosts);
      return;
    default:
      node satisfies never;
  }
}

/**
 * A set of hosts (exact, or `*.` wildcards) of which a request must have one for the rule to match; null where the
 * rule may match any host. Never too small, so that an index built on it misses nothing.
 */
export function requiredHosts(node: RuleNode, negated = false): ReadonlySet<string> | null {
  switch (node.kind) {
    case 'matcher': {
      if (negated || node.name !== 'Host') return null;
      const key = hostKey(node);
      return key === '*' ? null : new Set([key]);
    }
    case 'not':
      return requiredHosts(node.operand, !negated);
    case 'and':
    case 'or': {
      const sets = node.operands.map((operand) => requiredHosts(operand, negated));
      // De Morgan: under a "!", "and" joins as "or" does.
      return (node.kind === 'and') === negated ? union(sets) : smallest(sets);
    }
    default:
      return node satisfies never;
  }
}

function union(sets: readonly (ReadonlySet<string> | null)[]): ReadonlySet<string> | null {
  const all = new Set<string>();
  for (const set of sets) {
    if (set === null) return null;
    for (const host of set) all.add(host);
  }
  return all;
}

function smallest(sets: readonly (ReadonlySet<string> | null)[]): ReadonlySet<string> | null {
  let best: ReadonlySet<string> | null = null;
  for (const set of sets) if (set !== null && (best === null || set.size < best.size)) best = set;
  return best;
}
