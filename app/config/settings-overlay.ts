import { type SettingsPatch, settingsPatchSchema } from '../contract/objects.ts';
import { defaultStaticConfiguration, type StaticConfiguration } from './static.ts';

/** What the dashboard's settings say, by section; a section that is not there says nothing. */
export type Override = SettingsPatch;

export const sections = ['entryPoints', 'docker', 'file', 'domain', 'dashboard'] as const;

/** Reads stored sections; one that cannot be understood says nothing. */
export function overridesOf(read: (section: string) => unknown): Override {
  const override: Record<string, unknown> = {};
  for (const section of sections) {
    const stored = read(section);
    const parsed = settingsPatchSchema.shape[section].safeParse(stored);
    if (stored !== undefined && parsed.success) override[section] = parsed.data;
  }
  return override;
}

/** Puts settings over what defaults, flags and file say. What a flag or file decided stays. */
export function overlaid(base: StaticConfiguration, override: Override): StaticConfiguration {
  const docker = Object.fromEntries(
    Object.entries(override.docker ?? {}).filter(
      ([field, value]) => value !== undefined && !base.docker.fixed.includes(field),
    ),
  );
  const lanAddress = override.dashboard?.lanAddress;
  return {
    ...base,
    entryPoints: base.entryPoints.map((entryPoint) => {
      const address = override.entryPoints?.[entryPoint.name]?.address;
      if (address === undefined || entryPoint.origin !== 'default') return entryPoint;
      return { ...entryPoint, address, origin: 'setting', fallbackPort: null };
    }),
    docker: { ...base.docker, ...docker },
    file: base.file.fixed || !override.file ? base.file : { path: override.file.path, fixed: false },
    domain: isDomainFixed(base) ? base.domain : (override.domain ?? base.domain),
    dashboard: lanAddress === undefined || isLanAddressFixed(base) ? base.dashboard : { ...base.dashboard, lanAddress },
  };
}

/** Only a flag can have set another one than the default. */
export function isDomainFixed(base: StaticConfiguration): boolean {
  return base.domain !== defaultStaticConfiguration.domain;
}

export function isLanAddressFixed(base: StaticConfiguration): boolean {
  return base.dashboard.lanAddress !== null;
}
