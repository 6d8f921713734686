import type { CheckFinding } from './check-findings.ts';
import { entriesOf, labelsIn, memberOf, textOf } from './compose-values.ts';
import type { Place, PlacedText } from './placed-text.ts';

/** What Compose itself makes of a file, and labels cannot tell: where they stand, dollars, networks. */
export function composeMistakes(yaml: PlacedText, file: string): CheckFinding[] {
  const findings: CheckFinding[] = [];
  const add = (place: Place, severity: CheckFinding['severity'], message: string, fix: string): void => {
    findings.push({ file, line: place.line, column: place.column, severity, message, suggestion: null, fix });
  };
  for (const [service, definition] of entriesOf(memberOf(yaml.value, 'services'))) {
    const at = ['services', service];
    for (const level of ['deploy', 'build']) {
      const path = [...at, level, 'labels'];
      if (!hasTraefikLabel(memberOf(memberOf(definition, level), 'labels'))) continue;
      add(
        yaml.placeOf(path),
        'error',
        `service ${service}: These labels stand under ${level}, so the container does not get them.`,
        level === 'deploy'
          ? 'Move them up to services.NAME.labels; deploy.labels are for Docker Swarm.'
          : 'Move them up to services.NAME.labels; build.labels are for the image.',
      );
    }
    for (const [key, value] of entriesOf(definition)) {
      if (!/^traefik\./i.test(key)) continue;
      const message = `service ${service}: ${key} stands beside labels, not in them.`;
      add(
        yaml.placeOf([...at, key]),
        'error',
        message,
        `Write it as services.${service}.labels: ["${key}=${textOf(value)}"].`,
      );
    }
    const labels = memberOf(definition, 'labels');
    const environment = memberOf(definition, 'environment');
    if (hasTraefikLabel(environment)) {
      const message = `service ${service}: Labels stand in environment, where nobody looks for them.`;
      add(yaml.placeOf([...at, 'environment']), 'error', message, 'Move them to labels.');
    }
    for (const { name, value, path } of labelsIn(labels, [...at, 'labels'])) {
      const dollar = eatenHash(value);
      if (dollar !== null) {
        add(
          yaml.placeOf(path),
          'error',
          `service ${service}: Compose reads "${dollar}" in ${name} as a variable, so the password's hash is broken.`,
          'Double every $ of the hash: $$2y$$05$$…',
        );
      }
      if (/^traefik\.docker\.network$/i.test(name)) network(service, value, path);
    }
  }
  if (hasTraefikLabel(memberOf(yaml.value, 'labels'))) {
    const message = 'Labels stand at the top of the file, where they belong to no container.';
    add(yaml.placeOf(['labels']), 'error', message, 'Move them to services.NAME.labels.');
  }
  return findings;

  function network(service: string, wanted: string, path: readonly (string | number)[]): void {
    const definition = memberOf(memberOf(yaml.value, 'services'), service);
    if (memberOf(definition, 'network_mode') !== undefined || wanted.includes('$')) return;
    const listed = memberOf(definition, 'networks');
    const keys = Array.isArray(listed) ? listed.map(String) : entriesOf(listed).map(([key]) => key);
    const on = keys.length === 0 ? ['default'] : keys;
    const names = on.map((key) => textOf(memberOf(memberOf(memberOf(yaml.value, 'networks'), key), 'name')) || key);
    // Compose puts the project's name before those that have none of their own.
    if ([...on, ...names].some((name) => wanted === name || wanted.endsWith(`_${name}`))) return;
    add(
      yaml.placeOf(path),
      'error',
      `service ${service}: It is not on the network "${wanted}" that traefik.docker.network names; it is on ${on.join(', ')}.`,
      `Add the network: services.${service}.networks: [${[...keys, wanted].join(', ')}], and networks: { ${wanted}: { external: true } }.`,
    );
  }
}

/** A hash of htpasswd whose dollars stand alone; null where there is none. */
function eatenHash(value: string): string | null {
  return /(?<!\$)\$(?:apr1|2[aby]|5|6)\$/.exec(value)?.[0].slice(0, -1) ?? null;
}

function hasTraefikLabel(labels: unknown): boolean {
  return labelsIn(labels, []).some(({ name }) => /^traefik\.(?:enable|http|tcp|udp|docker)\b/i.test(name));
}
