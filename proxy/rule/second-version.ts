import { RE2JS } from 're2js';
import { createMatch } from './matchers.ts';
import { hasBraces, templatePattern } from './mux-template.ts';
import { checkValues, type Grammar, type MatcherCall } from './parse-tree.ts';
import { RuleError } from './rule-error.ts';
import { type MatcherName, type MatcherNode, matchersOf, type RuleNode } from './rule-node.ts';

const names = [
  'Host',
  'HostHeader',
  'HostRegexp',
  'ClientIP',
  'Path',
  'PathPrefix',
  'Method',
  'Headers',
  'HeadersRegexp',
  'Query',
] as const;
type SecondVersionName = (typeof names)[number];

/**
 * The second version of Traefik's rule language, said in matchers of the third: several values are alternatives (or,
 * for headers and queries, pairs that must all hold), and templates in braces become regular expressions.
 */
export const secondVersionGrammar: Grammar<SecondVersionName, MatcherNode> = {
  names,
  example: 'Host(`app.example.com`)',
  read(call) {
    checkValues(call);
    const node = translate(call);
    // Values are judged by building what will judge requests.
    for (const matcher of matchersOf(node)) createMatch(matcher);
    return node;
  },
  explainUnknown(name) {
    const renamed = renamedInThirdVersion.get(name.toLowerCase());
    return renamed && `${name} is of version 3 of the rule language. Version 2 writes: ${renamed}(…)`;
  },
};

const renamedInThirdVersion: ReadonlyMap<string, SecondVersionName> = new Map([
  ['header', 'Headers'],
  ['headerregexp', 'HeadersRegexp'],
]);

function translate(call: MatcherCall<SecondVersionName>): RuleNode {
  const { name, args, position } = call;
  const matcher = (as: MatcherName, ...values: string[]): MatcherNode => ({
    kind: 'matcher',
    name: as,
    args: values,
    text: call.text,
    position,
  });
  switch (name) {
    case 'Host':
    case 'HostHeader':
      // There were no wildcards then: a star is a letter like others.
      return anyOf(args, (host) =>
        host.includes('*') ? matcher('HostRegexp', `^${RE2JS.quote(host)}$`) : matcher('Host', host),
      );
    case 'HostRegexp':
      return anyOf(args, (template) => matcher('HostRegexp', `(?i)^${templatePattern(template, '[^.]+', position)}$`));
    case 'ClientIP':
      return anyOf(args, (range) => matcher('ClientIP', range));
    case 'Path':
    case 'PathPrefix':
      return anyOf(args, (path) => {
        if (!hasBraces(path) || !path.startsWith('/')) return matcher(name, path);
        return matcher('PathRegexp', `^${templatePattern(path, '[^/]+', position)}${name === 'Path' ? '$' : ''}`);
      });
    case 'Method':
      return anyOf(args, (method) => matcher('Method', method));
    case 'Headers':
      return allOf(pairs(call), ([key, value]) => matcher('Header', key, value));
    case 'HeadersRegexp':
      return allOf(pairs(call), ([key, pattern]) => matcher('HeaderRegexp', key, pattern));
    case 'Query':
      return allOf(pairs({ ...call, args: args.flatMap(splitAtEquals) }), ([key, value]) => {
        if (value === '') return matcher('QueryRegexp', key, '^.*$');
        if (!hasBraces(value)) return matcher('Query', key, value);
        return matcher('QueryRegexp', key, `^${templatePattern(value, '.*', position)}$`);
      });
    default:
      return name satisfies never;
  }
}

function anyOf(args: readonly string[], read: (value: string) => MatcherNode): RuleNode {
  const operands = args.map((value) => read(value));
  return operands.length === 1 && operands[0] ? operands[0] : { kind: 'or', operands };
}

type Pair = readonly [string, string];

function allOf(given: readonly Pair[], read: (pair: Pair) => MatcherNode): RuleNode {
  const operands = given.map((pair) => read(pair));
  return operands.length === 1 && operands[0] ? operands[0] : { kind: 'and', operands };
}

function pairs({ name, args, position }: MatcherCall): Pair[] {
  if (args.length % 2 !== 0) {
    const form = name === 'Query' ? 'Query(`name=value`)' : `${name}(\`name\`, \`value\`)`;
    throw new RuleError(`${name} takes names with their values: ${form}.`, position);
  }
  return Array.from({ length: args.length / 2 }, (_, index) => [args[index * 2] ?? '', args[index * 2 + 1] ?? '']);
}

function splitAtEquals(text: string): string[] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text] : [text.slice(0, equals), text.slice(equals + 1)];
}

const template = /(?<!\\[pP])\{[A-Za-z_][\w-]*(?::[^}]*)?\}/;

/**
 * The first value of a rule of the third version that looks like a template of the second (`{name:regex}`), which the
 * third reads as plain text or as part of a regular expression.
 */
export function secondVersionTemplate(node: RuleNode): { readonly text: string; readonly position: number } | null {
  return matchersOf(node).find((matcher) => matcher.args.some((value) => template.test(value))) ?? null;
}
