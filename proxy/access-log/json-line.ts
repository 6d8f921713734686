import type { AccessLogOptions } from '../model/access-log.ts';
import type { LoggedFieldMode } from '../model/request-record.ts';
import {
  type AccessLogEntry,
  byName,
  type CoreField,
  coreFields,
  createOwnFields,
  type FieldSource,
  headerFields,
  headerMode,
  keepsField,
} from './entry.ts';
import { headerText, jsonString } from './escape.ts';
import type { LineBuffer } from './line-buffer.ts';
import { localTime } from './times.ts';

/** Writes its part of a line. */
type Part = (out: LineBuffer, entry: AccessLogEntry) => void;
type Value = string | number | null | undefined;

/** What is longer is written anew each time: visitors choose how long it is. */
const mostKeptBytes = 1024;

/** Members of one line after the other, and its end. */
export function jsonLine(options: AccessLogOptions): Part {
  const parts = coreParts(options);
  const ownFields = createOwnFields(options);
  const ownHeaders = [
    ownHeader('Referer', headerMode(options, 'referer'), ({ record }) => record.referer),
    ownHeader('User-Agent', headerMode(options, 'user-agent'), ({ record }) => record.userAgent),
  ];
  const level = constant('"level":"info","msg":"",');
  const entryPoint = keepsField(options, 'entryPointName')
    ? keptValue('entryPointName', ({ record }) => record.entryPoint, 8)
    : null;
  const time = kept(
    {
      slotOf: () => 0,
      keyOf: (entry) => [endSecond(entry)],
      isSame: (key, entry) => key[0] === endSecond(entry),
      textOf: ({ record }) => `"time":"${localTime(record.at + record.durationMs, false)}"}\n`,
    },
    1,
  );
  const opening = constant('{');
  return (out, entry) => {
    const { facts } = entry;
    opening(out, entry);
    for (const part of parts) part(out, entry);
    if (facts.downstreamFields) out.text(members(headerFields('downstream_', facts.downstreamFields)));
    entryPoint?.(out, entry);
    level(out, entry);
    if (facts.originFields) out.text(members(headerFields('origin_', facts.originFields)));
    if (facts.requestFields) {
      const request = [...ownFields(entry), ...headerFields('request_', facts.requestFields)];
      out.text(members(request.toSorted(byName)));
    } else {
      for (const header of ownHeaders) header?.(out, entry);
    }
    time(out, entry);
  };
}

function endSecond({ record }: AccessLogEntry): number {
  return Math.floor((record.at + record.durationMs) / 1000);
}

function members(fields: readonly (readonly [string, string])[]): string {
  let text = '';
  for (const [name, value] of fields) text += `${jsonString(name)}:${jsonString(value)},`;
  return text;
}

function constant(text: string): Part {
  const bytes = Buffer.from(text);
  return (out) => out.copy(bytes);
}

/** Neighbours of one source are one part. */
function coreParts(options: AccessLogOptions): Part[] {
  const fields = coreFields(options).filter(({ name }) => keepsField(options, name));
  const parts: Part[] = [];
  for (let at = 0; at < fields.length; ) {
    const field = fields[at] as CoreField;
    let end = at + 1;
    if (field.from in sources) while (fields[end]?.from === field.from) end += 1;
    parts.push(partOf(fields.slice(at, end), field));
    at = end;
  }
  return parts;
}

function partOf(fields: readonly CoreField[], { name, from, valueOf }: CoreField): Part {
  if (from === 'each') return each(name, valueOf);
  if (from === 'few') return keptValue(name, (entry) => String(valueOf(entry)), 8);
  return kept({ ...sources[from], textOf: (entry) => textOf(fields, entry) }, sources[from].slots);
}

function textOf(fields: readonly CoreField[], entry: AccessLogEntry): string {
  let text = '';
  for (const { name, valueOf } of fields) {
    const value = valueOf(entry);
    if (value === undefined) continue;
    text += `${jsonString(name)}:${typeof value === 'number' ? String(value) : jsonString(value)},`;
  }
  return text;
}

function each(name: string, valueOf: CoreField['valueOf']): Part {
  const key = Buffer.from(`${jsonString(name)}:`);
  return (out, entry) => {
    const value = valueOf(entry);
    if (typeof value === 'number') out.numberMember(key, value);
    else if (value !== undefined) out.textMember(key, value);
  };
}

/** How it shows that a text is the same as another time. */
interface Kept {
  /** Any whole number; texts with different numbers are less likely to take each other's place. */
  readonly slotOf: (entry: AccessLogEntry) => number;
  /** What the text is made from. */
  readonly keyOf: (entry: AccessLogEntry) => readonly Value[];
  readonly isSame: (key: readonly Value[], entry: AccessLogEntry) => boolean;
  readonly textOf: (entry: AccessLogEntry) => string;
}

/** Keeps so many texts as bytes, a power of two, so that they need not be made again. */
function kept({ slotOf, keyOf, isSame, textOf: make }: Kept, slots: number): Part {
  const known: ({ readonly key: readonly Value[]; readonly bytes: Uint8Array } | undefined)[] = Array.from({
    length: slots,
  });
  return (out, entry) => {
    const slot = slotOf(entry) & (slots - 1);
    const found = known[slot];
    if (found !== undefined && isSame(found.key, entry)) {
      if (found.bytes.byteLength > 0) out.copy(found.bytes);
      return;
    }
    const bytes = Buffer.from(make(entry));
    if (bytes.byteLength <= mostKeptBytes) known[slot] = { key: keyOf(entry), bytes };
    out.copy(bytes);
  };
}

/** The same for a value that stands for itself. `written`: as it is shown. */
function keptValue(
  name: string,
  valueOf: (entry: AccessLogEntry) => string,
  slots: number,
  written: (value: string) => string = (value) => value,
): Part {
  const key = jsonString(name);
  const known: ({ readonly value: string; readonly bytes: Uint8Array } | undefined)[] = Array.from({ length: slots });
  return (out, entry) => {
    const value = valueOf(entry);
    const slot = slotOfText(value) & (slots - 1);
    const found = known[slot];
    if (found !== undefined && found.value === value) {
      out.copy(found.bytes);
      return;
    }
    const bytes = Buffer.from(`${key}:${jsonString(written(value))},`);
    if (bytes.byteLength <= mostKeptBytes) known[slot] = { value, bytes };
    out.copy(bytes);
  };
}

function ownHeader(name: string, mode: LoggedFieldMode, valueOf: (entry: AccessLogEntry) => string): Part | null {
  if (mode === 'drop') return null;
  const write = keptValue(`request_${name}`, valueOf, 64, mode === 'redact' ? () => 'REDACTED' : headerText);
  return (out, entry) => {
    if (valueOf(entry) !== '') write(out, entry);
  };
}

function slotOfText(text: string): number {
  const { length } = text;
  return length === 0 ? 0 : length + text.charCodeAt(length - 1) * 7 + text.charCodeAt(length >> 1) * 31;
}

const sources: Readonly<
  Record<Exclude<FieldSource, 'each' | 'few'>, Omit<Kept, 'textOf'> & { readonly slots: number }>
> = {
  client: {
    slots: 256,
    slotOf: ({ record }) => record.clientPort,
    keyOf: ({ record, facts }) => [record.clientPort, record.clientIp, facts.peerIp, facts.forwardedFor],
    isSame: (key, { record, facts }) =>
      key[0] === record.clientPort &&
      key[1] === record.clientIp &&
      key[2] === facts.peerIp &&
      key[3] === facts.forwardedFor,
  },
  host: {
    slots: 64,
    slotOf: ({ facts }) => slotOfText(facts.authority),
    keyOf: ({ facts }) => [facts.authority],
    isSame: (key, { facts }) => key[0] === facts.authority,
  },
  server: {
    slots: 64,
    slotOf: ({ record }) => slotOfText(record.serverUrl ?? record.router ?? ''),
    keyOf: ({ record }) => [record.serverUrl, record.router, record.service],
    isSame: (key, { record }) => key[0] === record.serverUrl && key[1] === record.router && key[2] === record.service,
  },
  start: {
    slots: 16,
    slotOf: ({ record }) => record.at % 16,
    keyOf: ({ record }) => [record.at],
    isSame: (key, { record }) => key[0] === record.at,
  },
  tls: {
    slots: 8,
    slotOf: ({ record, facts }) => (record.tlsVersion === null ? 0 : slotOfText(facts.tlsCipher ?? '')),
    keyOf: ({ record, facts }) => [record.tlsVersion, facts.tlsCipher, facts.tlsClientSubject],
    isSame: (key, { record, facts }) =>
      key[0] === record.tlsVersion && key[1] === facts.tlsCipher && key[2] === facts.tlsClientSubject,
  },
};
