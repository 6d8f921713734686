import { endpointOfProvider } from './docker-name.ts';
import type { EngineStatus, Problem } from './objects.ts';

/** The one sentence that the tray, the window and the browser begin with: how things are, and if not well, where to look. */

export const languages = ['en', 'fr'] as const;
export type Language = (typeof languages)[number];

export type SentenceTone = 'down' | 'starting' | 'well' | 'attention' | 'paused';

export interface SentencePart {
  readonly text: string;
  /** Page of the dashboard that shows what the words are about, such as `/routers?status=disabled`; null: plain words. */
  readonly link: string | null;
}

export interface Sentence {
  readonly tone: SentenceTone;
  readonly parts: readonly SentencePart[];
}

/** The language that fits a locale such as `fr-CA`; English for all others. */
export function languageOf(locale: string): Language {
  return locale.toLowerCase().split(/[-_]/)[0] === 'fr' ? 'fr' : 'en';
}

/** `status` is null where no engine answers, and `starting` where one was started and does not answer yet. */
export function sentenceOf(status: EngineStatus | 'starting' | null, language: Language): Sentence {
  const words = dictionary[language];
  if (status === 'starting') return { tone: 'starting', parts: [plain(words.starting)] };
  if (status === null) return { tone: 'down', parts: [plain(words.down)] };
  if (status.pausedAll || status.health === 'paused') {
    return { tone: 'paused', parts: [plain(words.paused)] };
  }
  if (status.health === 'starting') return { tone: 'starting', parts: [plain(words.starting)] };
  const open: SentencePart = { text: words.openApps(status.counts.openApps), link: '/containers' };
  if (status.health === 'well') return { tone: 'well', parts: [plain(`${words.well} `), open, plain('.')] };
  return { tone: 'attention', parts: [...attention(factsOf(status), words), plain(' '), open, plain('.')] };
}

/** The sentence without its links, for places that show only text. */
export function sentenceText(sentence: Sentence): string {
  return sentence.parts.map((part) => part.text).join('');
}

type Fact =
  | { readonly kind: 'entryPointOff' | 'entryPointMoved'; readonly name: string; readonly address: string }
  | { readonly kind: 'providerAbsent' | 'providerDenied' | 'providerAway'; readonly name: string }
  | { readonly kind: 'objects'; readonly what: CountedObject; readonly state: 'off' | 'warned'; readonly count: number }
  | { readonly kind: 'engine'; readonly count: number };

type CountedObject = 'routers' | 'services' | 'middlewares';

/** Most pressing first: what no visitor can pass, then what some cannot, then what only needs a look. */
function factsOf(status: EngineStatus): Fact[] {
  const facts: Fact[] = [];
  for (const { name, address, listening, problems } of status.entryPoints) {
    if (listening === null) facts.push({ kind: 'entryPointOff', name, address });
    else if (problems.some((problem) => problem.code === 'PORT_FALLBACK' && problem.severity !== 'info')) {
      facts.push({ kind: 'entryPointMoved', name, address: listening });
    }
  }
  for (const provider of status.providers) {
    const troubled = provider.problems.some((problem) => problem.severity !== 'info');
    if (provider.state === 'lost' || provider.state === 'failed' || troubled) {
      facts.push({ kind: providerFact(provider.problems), name: provider.name });
    }
  }
  const kinds = ['routers', 'services', 'middlewares'] as const;
  for (const what of kinds) {
    const { errors } = status.counts[what];
    if (errors > 0) facts.push({ kind: 'objects', what, state: 'off', count: errors });
  }
  for (const what of kinds) {
    const { warnings } = status.counts[what];
    if (warnings > 0) facts.push({ kind: 'objects', what, state: 'warned', count: warnings });
  }
  if (facts.length === 0) {
    facts.push({ kind: 'engine', count: status.problems.filter((problem) => problem.severity !== 'info').length });
  }
  return facts;
}

function providerWords(name: string, words: Dictionary): string {
  const endpoint = endpointOfProvider(name);
  return endpoint === null ? (words.providers[name] ?? name) : `${words.providers['docker'] ?? ''} ${endpoint}`;
}

function providerFact(problems: readonly Problem[]): 'providerAbsent' | 'providerDenied' | 'providerAway' {
  const has = (code: Problem['code']): boolean => problems.some((problem) => problem.code === code);
  if (has('DOCKER_ABSENT')) return 'providerAbsent';
  return has('DOCKER_DENIED') ? 'providerDenied' : 'providerAway';
}

/** Three facts can be read at a glance; the rest is a number. */
const factsShown = 3;

function attention(facts: readonly Fact[], words: Dictionary): SentencePart[] {
  const shown = facts.slice(0, factsShown).map((fact) => factPart(fact, words));
  const parts: SentencePart[] = [];
  for (const [index, part] of shown.entries()) {
    const text = index === 0 ? capitalised(part.text) : part.text;
    if (index > 0) parts.push(plain(words.between));
    parts.push({ ...part, text });
  }
  const rest = facts.length - shown.length;
  parts.push(plain(rest > 0 ? `${words.andMore(rest)}.` : '.'));
  return parts;
}

function factPart(fact: Fact, words: Dictionary): SentencePart {
  switch (fact.kind) {
    case 'entryPointOff':
      return { text: words.entryPointOff(fact.name, fact.address), link: '/settings' };
    case 'entryPointMoved':
      return { text: words.entryPointMoved(fact.name, fact.address), link: '/settings' };
    case 'providerAbsent':
    case 'providerDenied':
    case 'providerAway':
      return { text: words[fact.kind](providerWords(fact.name, words)), link: '/settings' };
    case 'objects':
      return {
        text: words.objects(fact.count, fact.what, fact.state),
        link: `/${fact.what}?status=${fact.state === 'off' ? 'disabled' : 'warning'}`,
      };
    case 'engine':
      return { text: words.engine(fact.count), link: '/settings' };
    default:
      return fact satisfies never;
  }
}

function plain(text: string): SentencePart {
  return { text, link: null };
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

interface Dictionary {
  readonly down: string;
  readonly starting: string;
  readonly paused: string;
  readonly well: string;
  /** Between two facts. */
  readonly between: string;
  readonly providers: Readonly<Record<string, string>>;
  readonly openApps: (count: number) => string;
  readonly andMore: (count: number) => string;
  readonly entryPointOff: (name: string, address: string) => string;
  readonly entryPointMoved: (name: string, listening: string) => string;
  readonly providerAbsent: (name: string) => string;
  readonly providerDenied: (name: string) => string;
  readonly providerAway: (name: string) => string;
  readonly objects: (count: number, what: CountedObject, state: 'off' | 'warned') => string;
  readonly engine: (count: number) => string;
}

const singular: Readonly<Record<CountedObject, string>> = {
  routers: 'router',
  services: 'service',
  middlewares: 'middleware',
};

const dictionary: Readonly<Record<Language, Dictionary>> = {
  en: {
    down: 'The engine is not running.',
    starting: 'Gatehouse is starting.',
    paused: 'Everything is paused. No app can be reached until you resume.',
    well: 'All well.',
    between: '; ',
    providers: { docker: 'Docker', file: 'the configuration file', gatehouse: 'the list of exposed apps' },
    openApps: (count) => {
      if (count === 0) return 'No app is open yet';
      return count === 1 ? '1 app is open' : `${count} apps are open`;
    },
    andMore: (count) => `; and ${count} more`,
    entryPointOff: (name, address) => `entry point ${name} cannot listen on ${address}`,
    entryPointMoved: (name, listening) => `entry point ${name} had to move to ${listening}`,
    providerAbsent: (name) => `${name} was not found`,
    providerDenied: (name) => `${name} refuses access`,
    providerAway: (name) => `${name} cannot be read`,
    objects: (count, what, state) => {
      const noun = count === 1 ? singular[what] : what;
      if (state === 'off') return `${count} ${noun} ${count === 1 ? 'is' : 'are'} off`;
      return `${count} ${noun} ${count === 1 ? 'needs' : 'need'} a look`;
    },
    engine: (count) => (count > 1 ? `${count} things need attention` : 'something needs attention'),
  },
  fr: {
    down: 'Le moteur est arrêté.',
    starting: 'Gatehouse démarre.',
    paused: 'Tout est en pause. Aucune application n’est accessible jusqu’à la reprise.',
    well: 'Tout va bien.',
    between: ' ; ',
    providers: {
      docker: 'Docker',
      file: 'le fichier de configuration',
      gatehouse: 'la liste des applications exposées',
    },
    openApps: (count) => {
      if (count === 0) return 'Aucune application n’est encore ouverte';
      return count === 1 ? '1 application est ouverte' : `${count} applications sont ouvertes`;
    },
    andMore: (count) => (count === 1 ? ' ; et 1 autre point' : ` ; et ${count} autres points`),
    entryPointOff: (name, address) => `le point d’entrée ${name} ne peut pas écouter sur ${address}`,
    entryPointMoved: (name, listening) => `le point d’entrée ${name} a dû passer sur ${listening}`,
    providerAbsent: (name) => `${name} est introuvable`,
    providerDenied: (name) => `${name} refuse l’accès`,
    providerAway: (name) => `${name} : lecture impossible`,
    objects: (count, what, state) => {
      const noun = frenchNouns[what][count === 1 ? 0 : 1];
      if (state === 'off') return `${count} ${noun} hors service`;
      return `${count} ${noun} à vérifier`;
    },
    engine: (count) => (count > 1 ? `${count} points demandent votre attention` : 'un point demande votre attention'),
  },
};

const frenchNouns: Readonly<Record<CountedObject, readonly [string, string]>> = {
  routers: ['routeur', 'routeurs'],
  services: ['service', 'services'],
  middlewares: ['middleware', 'middlewares'],
};
