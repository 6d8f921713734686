import { z } from 'zod';

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Reads a duration as Traefik does: Go's notation ("300ms", "1m30s"), or a bare number, which counts seconds.
 * Returns milliseconds, or undefined where the text is no duration.
 */
export function parseDurationMs(text: string | number): number | undefined {
  if (typeof text === 'number') return Number.isFinite(text) ? text * 1000 : undefined;
  const trimmed = text.trim();
  if (/^[+-]?\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed) * 1000;
  const match = /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(trimmed);
  if (!match) return undefined;
  let totalMs = 0;
  for (const part of trimmed.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    totalMs += Number(part[1]) * (unitsMs[part[2] ?? ''] ?? 0);
  }
  return match[1] === '-' ? -totalMs : totalMs;
}

/** A duration option. It stays as it was written, so that it can be shown and exported unchanged. */
export const durationSchema = z
  .union([z.string(), z.number()])
  .refine((value) => (parseDurationMs(value) ?? -1) >= 0, { message: 'is not a duration such as "10s" or "1m30s"' })
  .meta({ gatehouse: 'duration' });

/** A duration option that may be negative, which turns off what it would wait for. */
export const signedDurationSchema = z
  .union([z.string(), z.number()])
  .refine((value) => parseDurationMs(value) !== undefined, { message: 'is not a duration such as "10s" or "-1ms"' })
  .meta({ gatehouse: 'duration' });

/** Milliseconds of an option that {@link durationSchema} has accepted, or the default where it is not set. */
export function durationMs(value: string | number | undefined, defaultMs: number): number {
  return value === undefined ? defaultMs : (parseDurationMs(value) ?? defaultMs);
}
