import type { StaticConfiguration, StaticEntryPoint } from './static.ts';

/** Whether requests and options are read as Traefik reads them where Gatehouse would be stricter. */
export function isAsTraefik({ compatibility }: Pick<StaticConfiguration, 'compatibility'>): boolean {
  return compatibility === 'traefik';
}

/** Go's default, which Traefik has. */
const traefikHeaderBytes = 1_048_576;
/** Traefik's default for a whole request. */
const traefikReadMs = 60_000;

/** Fills in what Traefik has where nothing is said, for every entry point, as workers read requests by entry point. */
export function withCompatibility(configuration: StaticConfiguration): StaticConfiguration {
  if (!isAsTraefik(configuration)) return configuration;
  return {
    ...configuration,
    entryPoints: configuration.entryPoints.map((entryPoint) => ({
      ...entryPoint,
      timeouts: timeoutsOf(entryPoint),
      maxHeaderBytes: entryPoint.isMaxHeaderBytesGiven ? entryPoint.maxHeaderBytes : traefikHeaderBytes,
      wire: { ...entryPoint.wire, asTraefik: true },
    })),
  };
}

/** Only where no `readTimeout` is given may a body take any time in all, as long as it moves. */
function timeoutsOf({ timeouts }: StaticEntryPoint): StaticEntryPoint['timeouts'] {
  if (timeouts.readMs > 0 || timeouts.bodyIdleMs === 0) return timeouts;
  return { ...timeouts, readMs: traefikReadMs, bodyIdleMs: 0 };
}
