import { hostsOfRule } from '../../proxy/rule/hosts.ts';
import { parseRule, RuleError } from '../../proxy/rule/parse.ts';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';

export interface RuleJudgement {
  readonly hosts: readonly string[];
  readonly problem: Problem | null;
}

/** How many characters of a long rule are shown on either side of its fault. */
const contextLength = 40;

export function judgeRule(rule: string): RuleJudgement {
  if (rule.trim() === '') {
    return {
      hosts: [],
      problem: problem(
        'RULE_MISSING',
        'error',
        'The router has no rule, so no request can match it.',
        'Give it a rule such as Host(`app.example.org`).',
      ),
    };
  }
  try {
    return { hosts: hostsOfRule(parseRule(rule)), problem: null };
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return { hosts: [], problem: ruleProblem(rule, error) };
  }
}

function ruleProblem(rule: string, error: RuleError): Problem {
  const start = Math.max(0, error.position - contextLength);
  const end = Math.min(rule.length, error.position + contextLength);
  const before = `${start > 0 ? '…' : ''}${rule.slice(start, error.position)}`;
  const after = `${rule.slice(error.position, end)}${end < rule.length ? '…' : ''}`;
  return problem(
    'RULE_INVALID',
    'error',
    `The rule cannot be read at character ${error.position + 1}: ${error.message}`,
    `Look here: ${before}▸${after}`,
    { rule, position: error.position, reason: error.message, before, after },
  );
}
