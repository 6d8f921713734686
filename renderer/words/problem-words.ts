import i18next from 'i18next';
import type { Problem } from '../../app/contract/objects.ts';
import { formatMoment } from './format.ts';
import { inReadersWords } from './reasons.ts';

export interface ProblemWords {
  readonly message: string;
  readonly fix: string | null;
}

/** Of 2001. Nothing else that problems count is as large. */
const earliestMs = 1e12;

/**
 * A template with `{{name}}` filled from the details; null where one of them is missing, because a sentence with a hole
 * is worse than a plainer one.
 */
export function fill(template: string, details: Problem['details']): string | null {
  let whole = true;
  const text = template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = details[name];
    if (value === undefined || value === '') whole = false;
    // A time, in milliseconds since 1970.
    if (typeof value === 'number' && value > earliestMs) return formatMoment(value, i18next.language ?? 'en');
    return name === 'reason' ? inReadersWords(String(value ?? '')) : String(value ?? '');
  });
  return whole ? text : null;
}

export interface ProblemTemplates {
  /** From the most exact to the plainest; the first whose details are all there is used. */
  readonly message: readonly string[];
  readonly fix?: readonly string[];
}

let translations: Readonly<Record<string, ProblemTemplates>> | null = null;
let reasonWords: Readonly<Record<string, string>> = {};

/** Called when a language other than English has been loaded; null goes back to English. */
export function setProblemTranslations(
  templates: Readonly<Record<string, ProblemTemplates>> | null,
  /** By `details.reason`, which some problems carry and which says more than their code. */
  reasons: Readonly<Record<string, string>> = {},
): void {
  translations = templates;
  reasonWords = reasons;
}

/** A problem in the reader's language. The engine speaks English; other languages go by its code and details. */
export function problemWords(problem: Problem): ProblemWords {
  const templates = translations?.[problem.code];
  // A code that this version does not know yet.
  if (!templates) return { message: problem.message, fix: problem.fix };
  const reason = reasonWords[String(problem.details['reason'] ?? '')];
  const first = (list: readonly string[]): string | null => {
    for (const template of list) {
      const text = fill(template, problem.details);
      if (text !== null) return text;
    }
    return null;
  };
  return {
    message: first([...(reason === undefined ? [] : [reason]), ...templates.message]) ?? problem.message,
    fix: templates.fix ? first(templates.fix) : null,
  };
}
