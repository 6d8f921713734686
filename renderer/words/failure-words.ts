import i18next from 'i18next';
import type { Failure } from '../client/failure.ts';

/** An operation's failure as a sentence: by its reason, else by its code, else as the engine said it. */
export function failureWords(failure: Failure): string {
  const english = i18next.language === 'en';
  const known = ['UNREACHABLE', 'INTERNAL_SERVER_ERROR', 'UNAUTHORIZED', 'TIMEOUT'];
  // The engine's own English sentence knows more than a general one here.
  if (english && failure.message !== '' && !known.includes(failure.code)) return failure.message;
  for (const key of [failure.reason, failure.code]) {
    const path = `failure.${key}`;
    if (key !== '' && i18next.exists(path))
      return i18next.t(path, { ...failure.details, defaultValue: failure.message });
  }
  return failure.message === '' ? i18next.t('failure.UNREACHABLE') : failure.message;
}
