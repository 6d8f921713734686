const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

interface Second {
  readonly at: number;
  readonly utc: string;
  readonly local: string;
  readonly zone: string;
  readonly common: string;
}

/** Requests come many to a second, and in order. */
let last: Second = secondOf(0);

/** `20/Nov/2026:07:00:00 +0000`, as in the Common Log Format. */
export function commonTime(atMs: number): string {
  return at(atMs).common;
}

/**
 * Go's RFC 3339 with as much of a second as there is: `2026-11-20T07:00:00.12Z`. Go counts nanoseconds, so that its
 * times have a fraction as good as always, and filters of fail2ban ask for one: a whole second ends in `.0`.
 */
export function utcTime(atMs: number): string {
  return `${at(atMs).utc}${fraction(atMs)}Z`;
}

/** The same at the machine's place: `2026-11-20T08:00:00.12+01:00`. `withFraction` false: whole seconds. */
export function localTime(atMs: number, withFraction = true): string {
  const { local, zone } = at(atMs);
  return `${local}${withFraction ? fraction(atMs) : ''}${zone}`;
}

/** Go's `time.Duration`: nanoseconds. */
export function nanoseconds(ms: number): number {
  return Math.max(0, Math.round(ms * 1e6));
}

function at(atMs: number): Second {
  const second = Math.floor(atMs / 1000);
  if (last.at !== second) last = secondOf(second);
  return last;
}

function secondOf(second: number): Second {
  const date = new Date(second * 1000);
  const utc = date.toISOString().slice(0, 19);
  const offsetMinutes = Math.round(-date.getTimezoneOffset());
  const local = new Date(second * 1000 + offsetMinutes * 60_000).toISOString().slice(0, 19);
  const minutes = Math.abs(offsetMinutes);
  const zone = `${offsetMinutes < 0 ? '-' : '+'}${twoDigits(Math.trunc(minutes / 60))}:${twoDigits(minutes % 60)}`;
  const common = `${utc.slice(8, 10)}/${months[Number(utc.slice(5, 7)) - 1]}/${utc.slice(0, 4)}:${utc.slice(11)} +0000`;
  return { at: second, utc, local, zone: offsetMinutes === 0 ? 'Z' : zone, common };
}

function fraction(atMs: number): string {
  const digits = String(Math.trunc(((atMs % 1000) + 1000) % 1000)).padStart(3, '0');
  return `.${digits.replace(/0{1,2}$/, '')}`;
}

function twoDigits(n: number): string {
  return String(n).padStart(2, '0');
}
