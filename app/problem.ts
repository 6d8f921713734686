import type { Problem, ProblemCode } from './contract/objects.ts';

/** Makes a problem. `message` says what happened and why, `fix` what to do next; both in whole sentences. */
export function problem(
  code: ProblemCode,
  severity: Problem['severity'],
  message: string,
  fix: string | null,
  details: Problem['details'] = {},
): Problem {
  return { code, severity, message, fix, details };
}
