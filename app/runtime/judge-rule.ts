import { hostsOfRule } from '../../proxy/rule/hosts.ts';
import { parseRule, RuleError, type RuleNode, type RuleSyntax } from '../../proxy/rule/parse.ts';
import { secondVersionTemplate } from '../../proxy/rule/second-version.ts';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';

export interface RuleJudgement {
  readonly hosts: readonly string[];
  readonly problem: Problem | null;
}

/** How many characters of a long rule are shown on either side of its fault. */
const contextLength = 40;

export function judgeRule(rule: string, syntax: RuleSyntax = 'v3'): RuleJudgement {
  if (rule.trim() === '') {
    return { hosts: [], problem: ruleMissing('Give it a rule such as Host(`app.example.org`).') };
  }
  try {
    const node = parseRule(rule, syntax);
    return { hosts: hostsOfRule(node), problem: syntax === 'v3' ? templateProblem(node) : null };
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return { hosts: [], problem: ruleProblem(rule, error) };
  }
}

/** The second version's `{name:regex}` means nothing in the third: the rule is served as it reads there. */
function templateProblem(node: RuleNode): Problem | null {
  const found = secondVersionTemplate(node);
  if (found === null) return null;
  return problem(
    'RULE_SYNTAX_OLD',
    'warning',
    `${found.text} is written in version 2 of the rule language, but read in version 3, where {name:pattern} stands for itself.`,
    'Write a plain regular expression in HostRegexp or PathRegexp, or set ruleSyntax to v2.',
    { matcher: found.text, position: found.position },
  );
}

/** ``Host(`a.org`)`` after a shell has taken the backquotes for a command. */
function isEmptied(rule: string): boolean {
  return /\b[A-Z][A-Za-z]+\(\s*\)/.test(rule) && !rule.includes('`') && !rule.includes('"');
}

export function ruleMissing(fix: string): Problem {
  return problem('RULE_MISSING', 'error', 'The router has no rule, so no request can match it.', fix);
}

export function ruleProblem(rule: string, error: RuleError): Problem {
  const start = Math.max(0, error.position - contextLength);
  const end = Math.min(rule.length, error.position + contextLength);
  const before = `${start > 0 ? '…' : ''}${rule.slice(start, error.position)}`;
  const after = `${rule.slice(error.position, end)}${end < rule.length ? '…' : ''}`;
  return problem(
    'RULE_INVALID',
    'error',
    `The rule cannot be read at character ${error.position + 1}: ${error.message}`,
    isEmptied(rule)
      ? 'A shell runs what stands in backquotes and leaves nothing: put the whole label in single quotes.'
      : `Look here: ${before}▸${after}`,
    { rule, position: error.position, reason: error.message, before, after },
  );
}
