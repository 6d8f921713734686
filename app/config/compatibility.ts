import type { StaticConfiguration } from './static.ts';

/** Whether requests and options are read as Traefik reads them where Gatehouse would be stricter. */
export function isAsTraefik({ compatibility }: Pick<StaticConfiguration, 'compatibility'>): boolean {
  return compatibility === 'traefik';
}

/** Tells every entry point of it, as workers read requests by entry point. */
export function withCompatibility(configuration: StaticConfiguration): StaticConfiguration {
  if (!isAsTraefik(configuration)) return configuration;
  return {
    ...configuration,
    entryPoints: configuration.entryPoints.map((entryPoint) => ({
      ...entryPoint,
      wire: { ...entryPoint.wire, asTraefik: true },
    })),
  };
}
