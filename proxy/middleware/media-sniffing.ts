/** How many bytes of an answer tell its type. */
export const sniffedBytes = 512;

interface Signature {
  readonly type: string;
  readonly bytes: Buffer;
  readonly offset?: number;
  /** What must stand at the start beside. */
  readonly start?: string;
}

const at = (type: string, bytes: string | readonly number[], offset = 0, start?: string): Signature => ({
  type,
  bytes: typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes),
  offset,
  ...(start === undefined ? {} : { start }),
});

const signatures: readonly Signature[] = [
  at('application/pdf', '%PDF-'),
  at('application/postscript', '%!PS-Adobe-'),
  at('text/plain; charset=utf-16be', [0xfe, 0xff]),
  at('text/plain; charset=utf-16le', [0xff, 0xfe]),
  at('text/plain; charset=utf-8', [0xef, 0xbb, 0xbf]),
  at('image/x-icon', [0, 0, 1, 0]),
  at('image/x-icon', [0, 0, 2, 0]),
  at('image/bmp', 'BM'),
  at('image/gif', 'GIF87a'),
  at('image/gif', 'GIF89a'),
  at('image/webp', 'WEBPVP', 8, 'RIFF'),
  at('image/png', '\x89PNG\r\n\x1a\n'),
  at('image/jpeg', [0xff, 0xd8, 0xff]),
  at('audio/aiff', 'AIFF', 8, 'FORM'),
  at('audio/mpeg', 'ID3'),
  at('application/ogg', 'OggS\0'),
  at('audio/midi', 'MThd\0\0\0\x06'),
  at('video/avi', 'AVI ', 8, 'RIFF'),
  at('audio/wave', 'WAVE', 8, 'RIFF'),
  at('video/webm', [0x1a, 0x45, 0xdf, 0xa3]),
  at('application/vnd.ms-fontobject', 'LP', 34),
  at('font/ttf', [0, 1, 0, 0]),
  at('font/otf', 'OTTO'),
  at('font/collection', 'ttcf'),
  at('font/woff', 'wOFF'),
  at('font/woff2', 'wOF2'),
  at('application/x-gzip', [0x1f, 0x8b, 0x08]),
  at('application/zip', 'PK\x03\x04'),
  at('application/x-rar-compressed', 'Rar!\x1a\x07\0'),
  at('application/x-rar-compressed', 'Rar!\x1a\x07\x01\0'),
  at('application/wasm', '\0asm'),
];

const html =
  /^[\t\n\f\r ]*<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)[ >]/i;
const xml = /^[\t\n\f\r ]*<\?xml/i;
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const binary = /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]/;

/** The media type that an answer's first bytes speak of (WHATWG MIME Sniffing §7), as Go's server tells it. */
export function sniffMediaType(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, sniffedBytes));
  const text = head.toString('latin1');
  if (html.test(text)) return 'text/html; charset=utf-8';
  if (xml.test(text)) return 'text/xml; charset=utf-8';
  const known = signatures.find((signature) => has(head, signature));
  if (known !== undefined) return known.type;
  if (isMp4(head)) return 'video/mp4';
  return binary.test(text) ? 'application/octet-stream' : 'text/plain; charset=utf-8';
}

function has(head: Buffer, { bytes, offset = 0, start = '' }: Signature): boolean {
  const end = offset + bytes.byteLength;
  return (
    head.byteLength >= end &&
    head.subarray(offset, end).equals(bytes) &&
    head.toString('latin1', 0, start.length) === start
  );
}

/** A file of boxes whose first names a brand that begins with "mp4" (WHATWG MIME Sniffing §6.2.1). */
function isMp4(head: Buffer): boolean {
  if (head.byteLength < 12) return false;
  const size = head.readUInt32BE(0);
  if (size % 4 !== 0 || head.byteLength < size || head.toString('latin1', 4, 8) !== 'ftyp') return false;
  for (let offset = 8; offset < size; offset += 4) {
    // The four bytes behind the first brand are its version.
    if (offset !== 12 && head.toString('latin1', offset, offset + 3) === 'mp4') return true;
  }
  return false;
}
