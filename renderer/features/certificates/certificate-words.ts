import type { TFunction } from 'i18next';
import type { ImportReport, OrderStep, ProposalReason } from '../../../app/contract/certificates.ts';
import { fill } from '../../words/problem-words.ts';

type Details = OrderStep['details'];

/** The first sentence whose details are all there; the last of a list needs none. */
function firstThatFits(templates: readonly string[], details: Details): string | null {
  for (const template of templates) {
    const text = fill(template, details);
    if (text !== null) return text;
  }
  return null;
}

/** A step of an order as a sentence. */
export function stepWords(
  t: TFunction,
  { step, state, details }: Pick<OrderStep, 'step' | 'state' | 'details'>,
): string {
  const templates = t(`certificates.steps.${step}.${state}`, { returnObjects: true }) as readonly string[];
  return firstThatFits(templates, details) ?? t(`certificates.stepState.${state}`);
}

/** Why a way was proposed, or not. */
export function reasonWords(t: TFunction, { code, details, message }: ProposalReason): string {
  const templates = t(`certificates.reasons.${code}`, { returnObjects: true }) as readonly string[];
  return firstThatFits(templates, details) ?? message;
}

/** Why something was left out of an import. */
export function skippedWords(t: TFunction, { what, code, details, message }: ImportReport['skipped'][number]): string {
  const templates = t(`certificates.importForm.skippedWords.${code}`, { returnObjects: true }) as readonly string[];
  return firstThatFits(templates, { ...details, what }) ?? message;
}
