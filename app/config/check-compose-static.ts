import type { CheckFinding } from './check-findings.ts';
import { resolverFindings, type StaticFacts, staticFacts, staticFindings } from './check-static.ts';
import { entriesOf, interpolated, isUnknown, labelsIn, memberOf, textOf } from './compose-values.ts';
import type { OptionPath } from './decode.ts';
import type { Place, PlacedText } from './placed-text.ts';
import { readStatic } from './static-read.ts';
import { environmentSource, flagSource, type StaticSource, splitTraefikFlags } from './static-source.ts';

/** Static configuration that the services of a Compose file run with, by their `command` and `environment`. */
export function composeStatics(
  yaml: PlacedText,
  file: string,
): { readonly findings: CheckFinding[]; readonly facts: StaticFacts[] } {
  const findings: CheckFinding[] = [];
  const facts: StaticFacts[] = [];
  for (const [service, definition] of entriesOf(memberOf(yaml.value, 'services'))) {
    const at = ['services', service];
    const byFlag = flagsOf(yaml, [...at, 'command'], memberOf(definition, 'command'));
    const byVariable = variablesOf(yaml, [...at, 'environment'], memberOf(definition, 'environment'));
    if (!isProxy(definition) && !byFlag?.isSure) continue;
    const source = byFlag?.source ?? byVariable?.source;
    const mounted = mountedFile(definition);
    if (mounted !== null) {
      if (source) {
        const place = yaml.placeOf([...at, byFlag ? 'command' : 'environment']);
        findings.push(passedOver(file, place, service, `the file that is mounted at ${mounted}`));
      }
      continue;
    }
    if (!source) continue;
    if (byFlag && byVariable) {
      findings.push(passedOver(file, yaml.placeOf([...at, 'environment']), service, 'the flags of its command'));
    }
    const reading = readStatic(source, 'flag', file);
    const unknown = byFlag?.unknown ?? byVariable?.unknown ?? [];
    findings.push(
      ...staticFindings(reading, file).filter(
        ({ line, column }) => !unknown.some((place) => place.line === line && place.column === column),
      ),
    );
    const placeOf = source.placeOf ?? yaml.placeOf;
    const found = staticFacts(reading, { file, service, placeOf });
    if (found === null) continue;
    facts.push(found);
    findings.push(...resolverFindings(found));
  }
  return { findings, facts };
}

/** By its image. */
export function isProxy(definition: unknown): boolean {
  return /(?:^|\/)(?:traefik|gatehouse)(?:[:@]|$)/i.test(textOf(memberOf(definition, 'image')));
}

function passedOver(file: string, { line, column }: Place, service: string, by: string): CheckFinding {
  const message = `service ${service}: Static configuration comes from ${by} alone; what stands here is left out, as in Traefik.`;
  return { file, line, column, severity: 'warning', message, suggestion: null, fix: 'Put all of it in one place.' };
}

/** Where Traefik looks by itself, and what `--configFile` names, go before flags and variables. */
function mountedFile(definition: unknown): string | null {
  const volumes = memberOf(definition, 'volumes');
  const targets = (Array.isArray(volumes) ? (volumes as readonly unknown[]) : []).map((volume) => {
    const long = textOf(memberOf(volume, 'target'));
    return long === '' ? (textOf(volume).split(':')[1] ?? '') : long;
  });
  return targets.find((target) => /^\/(?:etc\/traefik\/)?traefik\.(?:ya?ml|toml)$/i.test(target)) ?? null;
}

interface Word {
  readonly text: string;
  readonly place: Place;
  readonly isUnknown: boolean;
}

/** What static configuration is read from, and the places of values that depend on unknown variables. */
interface Given {
  readonly source: StaticSource;
  readonly unknown: readonly Place[];
}

/** An address may have its port from a variable: any port stands for it. */
function known(text: string, name: string): string {
  return interpolated(text, /[._]address$/i.test(name) ? '1' : 'variable');
}

function flagsOf(
  yaml: PlacedText,
  path: readonly (string | number)[],
  command: unknown,
): (Given & { readonly isSure: boolean }) | null {
  const words = wordsOf(yaml, path, command);
  const { flags } = splitTraefikFlags(words.map(({ text }) => text));
  const source = flagSource(flags);
  if (source === null) return null;
  const places = words.flatMap(({ text, place }) => {
    const name = /^--?([A-Za-z][^=]*)/.exec(text)?.[1];
    return name === undefined ? [] : [[name.toLowerCase(), place] as const];
  });
  return {
    // Other programs have flags such as --log.level, too.
    isSure: flags.some(({ name }) => /^(?:entrypoints|providers)\./i.test(name)),
    source: placed(source, places, flagName, yaml.placeOf(path)),
    unknown: words.filter((word) => word.isUnknown).map(({ place }) => place),
  };
}

function variablesOf(yaml: PlacedText, path: readonly (string | number)[], environment: unknown): Given | null {
  const given = labelsIn(environment, path).map(({ name, value, path: at }) => ({
    name,
    value,
    place: yaml.placeOf(at),
  }));
  const source = environmentSource(Object.fromEntries(given.map(({ name, value }) => [name, known(value, name)])));
  if (source === null) return null;
  const places = given.map(({ name, place }) => [name.toLowerCase(), place] as const);
  const variableName = (option: OptionPath): string => `traefik_${option.join('_')}`.toLowerCase();
  return {
    source: placed(source, places, variableName, yaml.placeOf(path)),
    unknown: given.filter(({ value }) => isUnknown(value)).map(({ place }) => place),
  };
}

/** An option stands where its own name does, else where one below or above it is said. */
function placed(
  source: StaticSource,
  places: readonly (readonly [name: string, place: Place])[],
  nameOf: (path: OptionPath) => string,
  otherwise: Place,
): StaticSource {
  return {
    ...source,
    placeOf: (path) => {
      const name = nameOf(path);
      const isBelow = (a: string, b: string): boolean => a.startsWith(b) && /^[.[_]/.test(a.slice(b.length));
      const [, place] = places.find(([each]) => each === name) ??
        places.find(([each]) => isBelow(each, name)) ??
        places.find(([each]) => isBelow(name, each)) ?? ['', otherwise];
      return place;
    },
  };
}

function flagName(path: OptionPath): string {
  return path
    .reduce<string>(
      (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
      '',
    )
    .toLowerCase();
}

/** The words of a command, as a list or as a line. */
function wordsOf(yaml: PlacedText, path: readonly (string | number)[], command: unknown): Word[] {
  if (Array.isArray(command)) {
    return command.map((item, index) => ({
      ...wordOf(textOf(item)),
      place: yaml.valuePlaceOf([...path, index]) ?? yaml.placeOf([...path, index]),
    }));
  }
  const line = textOf(command);
  const start = yaml.valuePlaceOf(path);
  return [...line.matchAll(/(?:"[^"]*"|'[^']*'|\S)+/g)].map(({ 0: word, index }) => ({
    ...wordOf(word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2')),
    place: start === null ? yaml.placeOf(path) : { line: start.line, column: start.column + index },
  }));
}

function wordOf(text: string): Omit<Word, 'place'> {
  return { text: known(text, text.split('=', 1)[0] ?? ''), isUnknown: isUnknown(text) };
}
