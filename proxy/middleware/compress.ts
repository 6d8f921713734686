import { z } from 'zod';
import type { HeaderList } from '../http/header-list.ts';
import { type Coding, codings, negotiateCoding } from './accept-encoding.ts';
import { CompressingSink } from './compressing-sink.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { fitsMediaType, type MediaType, parseMediaType } from './media-type.ts';
import { withSink } from './passing-sink.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({
  excludedContentTypes: z.array(z.string()).optional(),
  includedContentTypes: z.array(z.string()).optional(),
  minResponseBodyBytes: z.int().min(0).optional(),
  encodings: z.array(z.string()).optional(),
  defaultEncoding: z.string().optional(),
});
type Config = z.infer<typeof schema>;

const defaultMinBytes = 1024;

export const compress: MiddlewareDefinition<Config> = {
  type: 'compress',
  summary: 'Compresses answers for clients that can read them so.',
  schema,
  build(config) {
    const excluded = [
      ...readTypes('excludedContentTypes', config),
      { type: 'application/grpc', parameters: new Map() },
    ];
    const included = readTypes('includedContentTypes', config);
    if (included.length > 0 && excluded.length > 1) {
      throw new Error('excludedContentTypes and includedContentTypes cannot both be set.');
    }
    const supported = readCodings(config);
    const fallback = readFallback(config, supported);
    const minBytes = config.minResponseBodyBytes || defaultMinBytes;
    const accepts = (headers: HeaderList): boolean => acceptsType(headers.get('content-type'), included, excluded);
    return (next) => (exchange) => {
      const { request, sink, signal } = exchange;
      if (request.method === 'HEAD' || request.upgrade !== null) return next(exchange);
      const fields = request.headers.getAll('accept-encoding');
      const coding = negotiateCoding(fields, { supported, fallback });
      if (coding === null || !isNamed(coding, fields, fallback)) return next(exchange);
      const asked = parseMediaType(request.headers.get('content-type') ?? '');
      if (asked !== null && excluded.some((type) => type.type === asked.type)) return next(exchange);
      return next(withSink(exchange, new CompressingSink(sink, { coding, minBytes, accepts }, signal)));
    };
  },
  explain: () => says('passes', 'COMPRESSED'),
};

/** As in Traefik: `*` alone is no request for gzip, which every client that wants it names. */
function isNamed(coding: Coding, fields: readonly string[], fallback: Coding | null): boolean {
  return coding !== 'gzip' || fallback === 'gzip' || fields.some((field) => /\bgzip\b/i.test(field));
}

function readTypes(option: 'excludedContentTypes' | 'includedContentTypes', config: Config): MediaType[] {
  return (config[option] ?? []).map((text) => {
    const type = parseMediaType(text);
    if (type === null) throw new Error(`"${text}" in ${option} is no media type such as text/html.`);
    return type;
  });
}

function readCodings(config: Config): Coding[] {
  const { encodings = [...codings] } = config;
  if (encodings.length === 0) throw new Error('encodings is empty; it takes gzip, br and zstd.');
  return encodings.map((name) => {
    const coding = codings.find((known) => known === name);
    if (coding === undefined) throw new Error(`"${name}" in encodings is none of gzip, br and zstd.`);
    return coding;
  });
}

function readFallback(config: Config, supported: readonly Coding[]): Coding | null {
  const { defaultEncoding = '' } = config;
  if (defaultEncoding === '') return null;
  const coding = supported.find((known) => known === defaultEncoding);
  if (coding === undefined) throw new Error(`defaultEncoding "${defaultEncoding}" is none of encodings.`);
  return coding;
}

/** Formats that are compressed in themselves: trying again costs time and gains nothing. */
const compressedFormats =
  /^(?:image\/(?!svg|bmp|x-icon|vnd\.microsoft\.icon|tiff)|video\/|audio\/(?!wav|x-wav)|font\/woff|application\/(?:zip|gzip|x-gzip|x-7z-compressed|x-rar-compressed|vnd\.rar|x-xz|x-bzip2|zstd|x-brotli|epub\+zip|java-archive|vnd\.android\.package-archive)$)/;

function acceptsType(
  text: string | undefined,
  included: readonly MediaType[],
  excluded: readonly MediaType[],
): boolean {
  if (text === undefined || text === '') return true;
  const actual = parseMediaType(text);
  if (actual === null) return false;
  if (included.length > 0) return included.some((type) => fitsMediaType(actual, type));
  if (excluded.some((type) => fitsMediaType(actual, type))) return false;
  return !compressedFormats.test(actual.type);
}
