import { RE2JS } from 're2js';
import { compileTree } from './compile.ts';
import { parseIpRanges } from './ip-ranges.ts';
import { templatePattern } from './mux-template.ts';
import type { RuleSyntax } from './parse.ts';
import { checkCount, checkValues, type Grammar, type MatcherCall, parseTree } from './parse-tree.ts';
import { RuleError } from './rule-error.ts';
import { matchersOf, type RuleTree } from './rule-node.ts';

/** What is known of a connection before its bytes are passed on. */
export interface TcpConnection {
  /** As the client names it in its TLS hello, brought to lower case; empty where it names none, or speaks no TLS. */
  readonly serverName: string;
  readonly clientIp: string;
  readonly alpn: readonly string[];
}

const names = ['ALPN', 'ClientIP', 'HostSNI', 'HostSNIRegexp'] as const;
type TcpMatcherName = (typeof names)[number];

export interface TcpMatcherNode {
  readonly kind: 'matcher';
  readonly name: TcpMatcherName;
  readonly value: string;
  /** The matcher as it was written. */
  readonly text: string;
  readonly position: number;
}

export type TcpRuleNode = RuleTree<TcpMatcherNode>;

/** Reads the rule of a TCP router. A rule that parses can be compiled. Throws {@link RuleError} and nothing else. */
export function parseTcpRule(text: string, syntax: RuleSyntax = 'v3'): TcpRuleNode {
  return parseTree(text, syntax === 'v2' ? secondVersion : thirdVersion);
}

const example = 'HostSNI(`mail.example.com`)';

const thirdVersion: Grammar<TcpMatcherName, TcpMatcherNode> = {
  names,
  example,
  read(call) {
    checkCount(call, [1]);
    checkValues(call);
    return checked(call, call.name, call.args[0] ?? '', thirdVersionHost);
  },
};

/** Several values are alternatives, patterns are templates (`{name:regex}`), and hosts have no wildcards. */
const secondVersion: Grammar<TcpMatcherName, TcpMatcherNode> = {
  names,
  example,
  read(call) {
    checkValues(call);
    const operands = call.args.map((value, index) => {
      if (call.name === 'HostSNIRegexp') {
        const pattern = `(?i)^${templatePattern(value, '[^.]+', call.position)}$`;
        return checked(call, 'HostSNIRegexp', pattern, secondVersionHost);
      }
      // Only as the first value does the star take in connections that name no host.
      if (call.name === 'HostSNI' && value === '*' && index > 0)
        return checked(call, 'HostSNIRegexp', '.', secondVersionHost);
      return checked(call, call.name, value, secondVersionHost);
    });
    return operands.length === 1 && operands[0] ? operands[0] : { kind: 'or', operands };
  },
};

const thirdVersionHost = /^(?:\*\.)?[\w.:-]+$/;
const secondVersionHost = /^[\w.:-]+$/;

function checked(call: MatcherCall<TcpMatcherName>, name: TcpMatcherName, value: string, host: RegExp): TcpMatcherNode {
  const node: TcpMatcherNode = { kind: 'matcher', name, value, text: call.text, position: call.position };
  if (name === 'HostSNI' && value !== '*' && !host.test(value)) {
    throw new RuleError(`"${value}" is no host name.`, call.position);
  }
  createTcpMatch(node);
  return node;
}

export type TcpMatcher = (connection: TcpConnection) => boolean;

/** Makes one test of a whole rule. */
export function compileTcpRule(node: TcpRuleNode): TcpMatcher {
  return compileTree(node, createTcpMatch);
}

function createTcpMatch(node: TcpMatcherNode): TcpMatcher {
  const { name, value, position } = node;
  switch (name) {
    case 'HostSNI': {
      if (value === '*') return () => true;
      const host = plainHost(value);
      if (!host.startsWith('*.')) return ({ serverName }) => plainHost(serverName) === host;
      const domain = host.slice(1);
      return ({ serverName }) => {
        const dot = serverName.indexOf('.');
        return dot >= 0 && serverName.slice(dot).toLowerCase() === domain;
      };
    }
    case 'HostSNIRegexp': {
      if (/[^\p{ASCII}]/u.test(value)) {
        throw new RuleError(
          'HostSNIRegexp takes plain ASCII; names in other scripts are written in their xn-- form.',
          position,
        );
      }
      const pattern = compilePattern(value, position);
      return ({ serverName }) => pattern.test(serverName);
    }
    case 'ClientIP': {
      const ranges = readRanges(value, position);
      return ({ clientIp }) => ranges.contains(clientIp);
    }
    case 'ALPN':
      if (value === 'acme-tls/1') {
        throw new RuleError('ALPN cannot be acme-tls/1: certificates are proved by it.', position);
      }
      return ({ alpn }) => alpn.includes(value);
    default:
      return name satisfies never;
  }
}

/**
 * Hosts that a rule names by `HostSNI`, without those under a `!`, lower case. `*` is not among them.
 */
export function hostsOfTcpRule(node: TcpRuleNode): string[] {
  return [...new Set(gather(node, false))];
}

function gather(node: TcpRuleNode, negated: boolean): string[] {
  switch (node.kind) {
    case 'matcher':
      return negated || node.name !== 'HostSNI' || node.value === '*' ? [] : [plainHost(node.value)];
    case 'not':
      return gather(node.operand, !negated);
    case 'and':
    case 'or':
      return node.operands.flatMap((operand) => gather(operand, negated));
    default:
      return node satisfies never;
  }
}

/** True for a rule that is ``HostSNI(`*`)`` and nothing else: it takes connections without TLS too. */
export function isTcpCatchAll(node: TcpRuleNode): boolean {
  return node.kind === 'matcher' && node.name === 'HostSNI' && node.value === '*';
}

/**
 * The priority of a rule that is given none, as Traefik has it: its length in bytes; -1, below all others, for one that
 * takes every connection.
 */
export function defaultTcpPriority(rule: string, node: TcpRuleNode): number {
  return isTcpCatchAll(node) ? -1 : Buffer.byteLength(rule);
}

/** True where a rule asks what only a TLS hello tells. A router without TLS may ask for ``HostSNI(`*`)`` and addresses. */
export function needsServerName(node: TcpRuleNode): boolean {
  return matchersOf(node).some(({ name, value }) => name !== 'ClientIP' && !(name === 'HostSNI' && value === '*'));
}

function plainHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

function readRanges(text: string, position: number): ReturnType<typeof parseIpRanges> {
  try {
    return parseIpRanges([text]);
  } catch (error) {
    throw new RuleError(error instanceof Error ? error.message : String(error), position);
  }
}

function compilePattern(pattern: string, position: number): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    const detail = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
    throw new RuleError(`HostSNIRegexp holds a regular expression that cannot be read: ${detail}`, position);
  }
}
