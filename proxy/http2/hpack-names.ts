import { tokenCharacters } from '../http1/field-lines.ts';
import { staticEntries, staticNames, staticValues } from './hpack-static.ts';

/** How the values of a name are written where the table does not have them. */
export const kept = 0;
/** Other values each time: they would only push out of the table what comes again. */
export const notKept = 1;
/** Secrets: nobody on the way may put them into a table either (RFC 7541 §7.1.3). */
export const neverKept = 2;

/** What is known of a field's name, for all connections of this thread. */
export interface OutboundName {
  readonly lower: string;
  /** Of an entry of the static table with this name; 0: there is none. */
  readonly index: number;
  /** The value that this entry has, if any. */
  readonly staticValue: string;
  readonly handling: typeof kept | typeof notKept | typeof neverKept;
  readonly isSendable: boolean;
  /** Concerns a connection of HTTP/1, and is left out (RFC 9113 §8.2.2). */
  readonly isOfHttp1: boolean;
  /** Rises with each value that the table had already, falls with each that left or was replaced unused. */
  worth: number;
  /** Values that are still to be written without the table's help, after so many that were put there in vain. */
  pause: number;
}

const secretNames = new Set([
  ...['set-cookie', 'set-cookie2', 'cookie', 'authorization', 'proxy-authorization', 'authentication-info'],
  ...['proxy-authentication-info', 'www-authenticate', 'proxy-authenticate', 'x-csrf-token', 'x-xsrf-token'],
  ...['x-auth-token', 'x-api-key', 'x-amz-security-token'],
]);
const http1Names = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);
const changingNames = new Set(['content-length', 'content-range', 'age']);
/** Most often another one for each resource, and the same when that is asked for over and over. */
const doubtfulNames = new Set(['etag', 'last-modified', 'location', 'expires', 'content-disposition']);

export const mostWorth = 32;
const firstWorth = 8;
const firstWorthOfDoubtful = 2;

const staticIndices = new Map<string, number>();
for (let index = staticEntries; index > 0; index -= 1) staticIndices.set(staticNames[index] as string, index);

interface Spelling {
  readonly spelled: string;
  readonly name: OutboundName;
}

/** Servers send the same names over and over; those that make them up do not fill the memory. */
const mostNames = 2000;
const longestName = 64;
let known = new Map<string, Spelling>();

/** By the place in its answer: the name that was there last, which mostly is the one that comes again. */
const mostPlaces = 32;
const lastAt: (Spelling | null)[] = Array<Spelling | null>(mostPlaces).fill(null);

/** What is known of that name, in any case, which stands at this place of an answer. */
export function outboundName(name: string, place: number): OutboundName {
  const last = place < mostPlaces ? lastAt[place] : null;
  if (last && last.spelled === name) return last.name;
  const found = known.get(name) ?? learn(name);
  if (place < mostPlaces) lastAt[place] = found;
  return found.name;
}

function learn(name: string): Spelling {
  const lower = detached(name.toLowerCase());
  if (name.length > longestName) return { spelled: lower, name: describe(lower, notKept) };
  if (known.size >= mostNames) known = new Map();
  const found = known.get(lower)?.name ?? describe(lower, handlingOf(lower));
  const spelling: Spelling = { spelled: detached(name), name: found };
  known.set(spelling.spelled, spelling);
  if (name !== lower && !known.has(lower)) known.set(lower, { spelled: lower, name: found });
  return spelling;
}

/** The same characters in a string of their own: a part of a head would keep all of that in memory. */
function detached(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

function handlingOf(lower: string): OutboundName['handling'] {
  if (secretNames.has(lower)) return neverKept;
  return changingNames.has(lower) ? notKept : kept;
}

function describe(lower: string, handling: OutboundName['handling']): OutboundName {
  const index = staticIndices.get(lower) ?? 0;
  let isSendable = lower !== '';
  for (let at = 0; at < lower.length; at += 1) isSendable &&= tokenCharacters[lower.charCodeAt(at)] === 1;
  return {
    lower,
    index,
    staticValue: staticValues[index] ?? '',
    handling,
    isSendable,
    isOfHttp1: http1Names.has(lower),
    worth: doubtfulNames.has(lower) ? firstWorthOfDoubtful : firstWorth,
    pause: 0,
  };
}

/** Of the status, which no server can send as a field. */
export const statusName: OutboundName = { ...describe(':status', kept), isSendable: true };
