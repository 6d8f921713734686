import { staticSchema } from '../app/config/static-schema.ts';
import { unsupportedOptionPaths } from '../app/config/unsupported.ts';
import { tcpLabelServiceSchema, udpLabelServiceSchema } from '../app/providers/docker/container-streams.ts';
import { labelServiceSchema } from '../app/providers/docker/label-service.ts';
import { middlewareTable } from '../proxy/middleware/table.ts';
import { dynamicConfigurationSchema } from '../proxy/model/dynamic.ts';
import { containerLabels, differences, notes } from './compatibility-notes.ts';
import { type Option, type OptionState, optionsOf } from './schema-options.ts';

const stateWords: Readonly<Record<OptionState, string>> = {
  works: 'works',
  warning: 'accepted, with a warning',
  refused: 'refused',
  quiet: 'accepted, without effect',
};

const sections: readonly { readonly title: string; readonly prefix: string }[] = [
  { title: 'HTTP routers', prefix: 'http.routers.' },
  { title: 'HTTP services', prefix: 'http.services.' },
  { title: 'HTTP servers transports', prefix: 'http.serversTransports.' },
  { title: 'HTTP middlewares', prefix: 'http.middlewares.' },
  { title: 'TCP', prefix: 'tcp.' },
  { title: 'UDP', prefix: 'udp.' },
  { title: 'TLS', prefix: 'tls.' },
];

/** The whole page. Pure: it depends on the schemas and the notes alone. */
export function compatibilityPage(): string {
  const served = dynamicOptions();
  const known = new Set(served.map(({ path }) => path.toLowerCase()));
  const dynamic = [...served, ...unsupportedOptions().filter(({ path }) => !known.has(path.toLowerCase()))];
  const parts = [
    '# Compatibility with Traefik',
    '',
    '<!-- Written by `npm run docs` from the schemas and scripts/compatibility-notes.ts. -->',
    '',
    'Gatehouse reads the labels, the dynamic files and the static configuration of Traefik v3 (3.7), and rules of v2. This',
    'page lists every option that it knows, and what becomes of it. An option that is not here is not one of Traefik’s:',
    'it is refused, with the nearest name. `gatehouse check FILE` says the same about your own files.',
    '',
    '| state | meaning |',
    '|---|---|',
    '| works | as in Traefik, but for what is noted |',
    '| accepted, with a warning | everything else works without it, and you are told |',
    '| accepted, without effect | nothing depends on it here |',
    '| refused | leaving it out would not be safe: what asks for it stays closed, and says so |',
    '',
    'Names of options are read without regard to case. `<name>` is a name of your own, `[]` an item of a list. In labels a',
    'path is written after `traefik.`, items as `[0]`, and the one server of a service as `loadbalancer.server`.',
    '',
    '## Differences on purpose',
    '',
    'What differs for safety is as in Traefik again with one setting: `gatehouse: { compatibility: traefik }` in the static',
    'file, `--gatehouse.compatibility=traefik` or `--compatibility traefik`, or `GATEHOUSE_COMPATIBILITY=traefik`.',
    '',
    '| difference | `compatibility: traefik` |',
    '|---|---|',
    ...differences.map(
      ({ text, setting }) =>
        `| ${cell(text)} | ${setting === 'returns it' ? 'as Traefik' : cell(`stays as it is: ${setting.not}`)} |`,
    ),
    '',
    '## Dynamic configuration',
    '',
    ...sections.flatMap(({ title, prefix }) => {
      const options = dynamic.filter(({ path }) => path.startsWith(prefix));
      return options.length === 0 ? [] : [`### ${title}`, '', ...table(options), ''];
    }),
    '## What labels alone can say',
    '',
    ...table([...labelOptions(), ...containerLabels]),
    '',
    '## Static configuration',
    '',
    'As `traefik.yml` or `traefik.toml`, as flags (`--entrypoints.web.address=:80`) or as variables',
    '(`TRAEFIK_ENTRYPOINTS_WEB_ADDRESS`).',
    '',
    ...staticTables(),
  ];
  return `${parts.join('\n').trimEnd()}\n`;
}

function dynamicOptions(): Option[] {
  return optionsOf(dynamicConfigurationSchema, '', (path) =>
    path === 'http.middlewares.<name>' ? middlewareOptions(path) : null,
  );
}

function middlewareOptions(path: string): Option[] {
  return [...middlewareTable.values()]
    .toSorted((a, b) => (a.type < b.type ? -1 : 1))
    .flatMap(({ type, schema }) => optionsOf(schema, `${path}.${type}`));
}

/** The server that a label describes: what the schemas of labels have beside those of files. */
function labelOptions(): Option[] {
  const services = {
    http: labelServiceSchema,
    tcp: tcpLabelServiceSchema,
    udp: udpLabelServiceSchema,
  };
  return Object.entries(services).flatMap(([protocol, schema]) =>
    optionsOf(schema, `${protocol}.services.<name>`).filter(({ path }) => path.includes('.server.')),
  );
}

function unsupportedOptions(): Option[] {
  return unsupportedOptionPaths().map(({ path, effect }) => ({
    path: path.replace('*', '<name>'),
    type: 'any',
    state: effect === 'ignored' ? 'warning' : 'refused',
    why: 'is not served yet',
  }));
}

function staticTables(): string[] {
  const groups = new Map<string, Option[]>();
  for (const option of optionsOf(staticSchema, '')) {
    const key = option.path.split('.')[0] ?? '';
    groups.set(key, [...(groups.get(key) ?? []), option]);
  }
  return [...groups].flatMap(([name, options]) => [`### ${name}`, '', ...table(options), '']);
}

function table(options: readonly Option[]): string[] {
  return ['| option | value | state | note |', '|---|---|---|---|', ...options.map(row)];
}

function row(option: Option): string {
  const note = notes.find(({ path }) => path === option.path || option.path.startsWith(`${path}.`));
  const state = note?.state ?? option.state;
  const text = [option.why, note?.text].filter((each) => each !== undefined && each !== '').join('; ');
  return `| \`${option.path}\` | ${cell(option.type)} | ${stateWords[state]} | ${cell(text)} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
