import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { create } from 'zustand';
import { en } from './en.ts';
import { setProblemTranslations } from './problem-words.ts';
import { setReasonRules } from './reasons.ts';
import { setSaidWords } from './said-words.ts';

export const languages = ['en', 'fr'] as const;
export type Language = (typeof languages)[number];

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: typeof en };
  }
}

const storageKey = 'gatehouse.language';

export type LanguageChoice = Language | 'system';

function systemLanguage(): Language {
  for (const tag of navigator.languages) {
    const language = languages.find((known) => tag.toLowerCase().startsWith(known));
    if (language) return language;
  }
  return 'en';
}

function storedChoice(): LanguageChoice {
  const stored = localStorage.getItem(storageKey);
  return languages.find((known) => known === stored) ?? 'system';
}

export const useLanguageChoice = create<{ readonly choice: LanguageChoice }>(() => ({ choice: storedChoice() }));

async function apply(choice: LanguageChoice): Promise<void> {
  const language = choice === 'system' ? systemLanguage() : choice;
  if (language === 'fr') {
    const [{ fr }, { problemsFr }, { saidFr }, { reasonsFr }] = await Promise.all([
      import('./fr.ts'),
      import('./problems-fr.ts'),
      import('./said-fr.ts'),
      import('./reasons-fr.ts'),
    ]);
    i18next.addResourceBundle('fr', 'translation', fr);
    setProblemTranslations(problemsFr, fr.failure);
    setSaidWords(saidFr);
    setReasonRules(reasonsFr);
  } else {
    setProblemTranslations(null);
    setSaidWords(null);
    setReasonRules([]);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

export async function chooseLanguage(choice: LanguageChoice): Promise<void> {
  if (choice === 'system') localStorage.removeItem(storageKey);
  else localStorage.setItem(storageKey, choice);
  useLanguageChoice.setState({ choice });
  await apply(choice);
}

export async function startWords(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  await apply(storedChoice());
}
