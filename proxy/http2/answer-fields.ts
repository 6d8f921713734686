/** True for fields that HTTP/2 does not know (RFC 9113 §8.2.2), in any case. */
function isOfConnection(name: string): boolean {
  switch (name.length) {
    case 7:
      return name.toLowerCase() === 'upgrade';
    case 10:
      return name.toLowerCase() === 'connection' || name.toLowerCase() === 'keep-alive';
    case 16:
      return name.toLowerCase() === 'proxy-connection';
    case 17:
      return name.toLowerCase() === 'transfer-encoding';
    default:
      return false;
  }
}

let dateSecond = -1;
let dateText = '';

/** Now, as fields tell it; made once a second. */
function dateOfNow(): string {
  const nowMs = Date.now();
  const second = Math.trunc(nowMs / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(nowMs).toUTCString();
  }
  return dateText;
}

/** The fields of an answer's head as they are sent: with a `Date`, and without those of a connection of HTTP/1. */
export function answerFields(raw: readonly string[]): readonly string[] {
  let hasDate = false;
  let needsFilter = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (name.length === 4) hasDate ||= name.toLowerCase() === 'date';
    else if (isOfConnection(name)) needsFilter = true;
  }
  const fields = needsFilter ? filtered(raw) : raw;
  return hasDate ? fields : [...fields, 'date', dateOfNow()];
}

/** The same of a 1xx answer or of trailers. */
export function withoutConnectionFields(raw: readonly string[]): readonly string[] {
  for (let i = 0; i < raw.length; i += 2) if (isOfConnection(raw[i] as string)) return filtered(raw);
  return raw;
}

function filtered(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (!isOfConnection(raw[i] as string)) kept.push(raw[i] as string, raw[i + 1] as string);
  }
  return kept;
}
