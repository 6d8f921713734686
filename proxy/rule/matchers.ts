import { domainToASCII } from 'node:url';
import { RE2JS } from 're2js';
import type { ProxyRequest } from '../http/exchange.ts';
import { parseIpRanges } from './ip-ranges.ts';
import { routingPath } from './path.ts';
import { queryValues } from './query.ts';
import { RuleError } from './rule-error.ts';
import type { MatcherNode } from './rule-node.ts';

export type Matcher = (request: ProxyRequest) => boolean;

/** Makes the test of one matcher. Throws {@link RuleError} where a value cannot be used. */
export function createMatch(node: MatcherNode): Matcher {
  const [first = '', second] = node.args;
  switch (node.name) {
    case 'Host':
      return hostMatch(hostKey(node));
    case 'HostRegexp': {
      if (!isAscii(first)) {
        throw new RuleError(
          'HostRegexp takes plain ASCII; names in other scripts are written in their xn-- form.',
          node.position,
        );
      }
      const pattern = compilePattern(node, first);
      return (request) => pattern.test(request.host);
    }
    case 'Path': {
      const path = readPath(node, first);
      return (request) => routingPath(request.path) === path;
    }
    case 'PathPrefix': {
      const prefix = readPath(node, first);
      return (request) => routingPath(request.path).startsWith(prefix);
    }
    case 'PathRegexp': {
      const pattern = compilePattern(node, first);
      return (request) => pattern.test(routingPath(request.path));
    }
    case 'Method': {
      const method = first.toUpperCase();
      return (request) => request.method === method;
    }
    case 'Header': {
      const value = second ?? '';
      return (request) => request.headers.getAll(first).includes(value);
    }
    case 'HeaderRegexp': {
      const pattern = compilePattern(node, second ?? '');
      return (request) => request.headers.getAll(first).some((value) => pattern.test(value));
    }
    case 'Query': {
      const value = second ?? '';
      return (request) => queryValues(request.query, first).includes(value);
    }
    case 'QueryRegexp': {
      if (second === undefined) return (request) => queryValues(request.query, first).includes('');
      const pattern = compilePattern(node, second);
      return (request) => queryValues(request.query, first).some((value) => pattern.test(value));
    }
    case 'ClientIP': {
      const ranges = clientRanges(node, first);
      return (request) => ranges.contains(request.clientIp);
    }
    default:
      return node.name satisfies never;
  }
}

/**
 * A Host matcher's value in the form of `ProxyRequest.host`: lower case, ASCII, without a trailing dot and brackets.
 * `*` alone, or `*.` before a name, is a wildcard for any host, or for exactly one label.
 */
export function hostKey(node: MatcherNode): string {
  const written = node.args[0] ?? '';
  if (/^(?:[^:]+|\[.*\]):\d+$/.test(written)) {
    throw new RuleError('Host takes a name without a port: requests are matched by name on every port.', node.position);
  }
  if (!isAscii(written)) {
    const ascii = domainToASCII(written);
    const instead = ascii === '' ? 'names in other scripts are written in their xn-- form' : `write Host(\`${ascii}\`)`;
    throw new RuleError(`Host takes plain ASCII: ${instead}.`, node.position);
  }
  const name = written
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  if (name === '' || /[\s/]/.test(name)) throw new RuleError(`"${written}" is no host name.`, node.position);
  return name;
}

function hostMatch(key: string): Matcher {
  if (key === '*') return () => true;
  if (!key.startsWith('*')) return (request) => request.host === key;
  return (request) => wildcardOf(request.host) === key;
}

/** `a.example.com` gives `*.example.com`. */
export function wildcardOf(host: string): string {
  const dot = host.indexOf('.');
  return dot < 0 ? '*' : `*${host.slice(dot)}`;
}

/** Escapes may be written as they stand on the wire; they are compared in the form that requests are brought to. */
function readPath(node: MatcherNode, path: string): string {
  if (path.startsWith('/')) return routingPath(path);
  throw new RuleError(`A path begins with "/": write ${node.name}(\`/${path}\`).`, node.position);
}

function clientRanges(node: MatcherNode, text: string): ReturnType<typeof parseIpRanges> {
  try {
    return parseIpRanges([text]);
  } catch (error) {
    throw new RuleError(error instanceof Error ? error.message : String(error), node.position);
  }
}

/** RE2 is what Traefik's Go uses, and it takes time in proportion to the text, whatever the pattern. */
function compilePattern(node: MatcherNode, pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    const detail = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
    throw new RuleError(`${node.name} holds a regular expression that cannot be read: ${detail}`, node.position);
  }
}

function isAscii(text: string): boolean {
  return !/[^\p{ASCII}]/u.test(text);
}
