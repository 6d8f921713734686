import { createMatch } from './matchers.ts';
import { checkCount, type Grammar, parseTree } from './parse-tree.ts';
import { RuleError } from './rule-error.ts';
import { type MatcherName, type MatcherNode, matcherArguments, matcherNames, type RuleNode } from './rule-node.ts';
import { secondVersionGrammar } from './second-version.ts';

export { RuleError } from './rule-error.ts';
export type { MatcherNode, RuleNode } from './rule-node.ts';

/** The version of Traefik's rule language in which a rule is written. */
export type RuleSyntax = 'v2' | 'v3';

/**
 * Reads a rule: `Host(`a`) && (PathPrefix(`/b`) || !Method(`GET`))`. A rule of the second version gives the tree of
 * the third that means the same. A rule that parses can be compiled: values are checked here too.
 * Throws {@link RuleError} and nothing else.
 */
export function parseRule(text: string, syntax: RuleSyntax = 'v3'): RuleNode {
  return syntax === 'v2' ? parseTree(text, secondVersionGrammar) : parseTree(text, thirdVersionGrammar);
}

const thirdVersionGrammar: Grammar<MatcherName, MatcherNode> = {
  names: matcherNames,
  example: 'Host(`app.example.com`)',
  read(call) {
    checkCount(call, matcherArguments[call.name]);
    if (call.args.includes('')) throw new RuleError(`${call.name} has an empty value.`, call.position);
    const node: MatcherNode = { kind: 'matcher', ...call };
    // Values are judged by building what will judge requests; the result is built again by compileRule.
    createMatch(node);
    return node;
  },
  explainUnknown(name, args) {
    const renamed = renamedSinceSecondVersion.get(name.toLowerCase());
    if (renamed === undefined) return undefined;
    const values = args.map((value) => `\`${value}\``).join(', ');
    return `${name} is how version 2 of the rule language wrote it. Version 3 writes: ${renamed}(${values})`;
  },
};

const renamedSinceSecondVersion: ReadonlyMap<string, MatcherName> = new Map([
  ['headers', 'Header'],
  ['headersregexp', 'HeaderRegexp'],
  ['hostheader', 'Host'],
]);
