import type { Explanation } from '../../app/contract/explanation.ts';
import type { MiddlewareView, ServerView } from '../../app/contract/objects.ts';
import { fill } from './problem-words.ts';

/** What the engine says in English sentences, in other languages by the codes that come with them. */
export interface SaidWords {
  readonly explanations: Readonly<Record<Explanation['said']['code'], string>>;
  /** By code; what a middleware does with the request that is explained. */
  readonly verdicts: Readonly<Record<string, string>>;
  /** By type of middleware: what it does. */
  readonly summaries: Readonly<Record<string, string>>;
  /** By code; why a server is down. */
  readonly servers: Readonly<Record<string, string>>;
  readonly part: (part: RulePart) => string;
  /** Why a router of UDP, which has no rule, gets datagrams or not. */
  readonly datagrams: { readonly first: string; readonly later: string };
}

export type RulePart = Explanation['routers'][number]['parts'][number];

let words: SaidWords | null = null;

/** Called when a language other than English has been loaded; null goes back to English. */
export function setSaidWords(next: SaidWords | null): void {
  words = next;
}

export function explanationSentence({ sentence, said }: Explanation): string {
  const template = words?.explanations[said.code];
  return (template === undefined ? null : fill(template, said.details)) ?? sentence;
}

/** Why a router takes it or does not. */
export function stepReason({ reason, parts, rule, matched }: Explanation['routers'][number]): string {
  if (words !== null && rule === '') return words.datagrams[matched ? 'first' : 'later'];
  const translate = words?.part;
  return translate === undefined || parts.length === 0 ? reason : parts.map(translate).join(' ; ');
}

export function middlewareDetail({ detail, said, type }: Explanation['middlewares'][number]): string {
  if (words === null) return detail;
  const template = said === undefined ? words.summaries[type] : words.verdicts[said.code];
  return (template === undefined ? null : fill(template, said?.details ?? {})) ?? detail;
}

export function middlewareSummary({ type, summary }: Pick<MiddlewareView, 'type' | 'summary'>): string {
  return words?.summaries[type] ?? summary;
}

/** Said by the system, not by us: in English too they read better by their codes. */
const english: Readonly<Record<string, string>> = {
  NOBODY_LISTENS: 'Nothing listens at {{where}}.',
  UNREACHABLE: '{{where}} cannot be reached.',
  NAME_UNKNOWN: 'The name {{where}} is not known.',
};

/** Why a server is down. */
export function serverReason({ reason, said }: ServerView): string {
  const template = said === undefined ? undefined : (words?.servers ?? english)[said.code];
  return (template === undefined || said === undefined ? null : fill(template, said.details)) ?? reason ?? '';
}
