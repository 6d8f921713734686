import { type ServiceConfig, serviceSchema } from '../../proxy/model/dynamic.ts';
import {
  type TcpServiceConfig,
  tcpServiceSchema,
  type UdpServiceConfig,
  udpServiceSchema,
} from '../../proxy/model/stream.ts';
import type { TlsConfiguration } from '../../proxy/model/tls.ts';
import { compileGoTemplate, environmentFunctions } from './go-template.ts';
import { TemplateError } from './go-template-parse.ts';
import { decodeHttpElements, type ElementIssue, type HttpElements } from './http-elements.ts';
import type { MiddlewareTable } from './middleware-options.ts';
import { nearestName } from './nearest.ts';
import type { PlacedText, TextFault } from './placed-text.ts';
import { readPlaced } from './read-placed.ts';
import { decodeTcpElements, decodeUdpElements, type TcpElements, type UdpElements } from './stream-elements.ts';
import { decodeTls } from './tls-section.ts';

/** A file of dynamic configuration as far as it could be read. */
export interface DynamicFile {
  readonly elements: HttpElements<ServiceConfig>;
  readonly tcp: TcpElements<TcpServiceConfig>;
  readonly udp: UdpElements<UdpServiceConfig>;
  readonly tls: TlsConfiguration;
  /** TLS options that could not be read in full, and why. */
  readonly brokenTlsOptions: Readonly<Record<string, string>>;
  /** Everything wrong with it but its syntax, those of its elements included. */
  readonly issues: readonly ElementIssue[];
  /** What keeps it from being read at all; then there are no elements. */
  readonly faults: readonly TextFault[];
  readonly placeOf: PlacedText['placeOf'];
  readonly valuePlaceOf: PlacedText['valuePlaceOf'];
}

const sections = ['http', 'tcp', 'udp', 'tls'] as const;
type Section = (typeof sections)[number];

/**
 * Reads YAML, or TOML where the file's name says so; Go templates in it are run first, as Traefik does it, and places
 * are then those of what they make. `env` null: templates are not run.
 */
export function parseDynamicFile(
  text: string,
  middlewareTable: MiddlewareTable,
  file = '',
  env: Readonly<Record<string, string | undefined>> | null = process.env,
): DynamicFile {
  const yaml = readRendered(text, file, env);
  const faults = [...yaml.faults];
  const issues: ElementIssue[] = [];
  const found = faults.length > 0 ? {} : sectionsOf(yaml.value, issues, faults);
  const elements = decodeHttpElements(found.http, { strings: false, middlewareTable, serviceSchema });
  const tcp = decodeTcpElements(found.tcp, { strings: false, serviceSchema: tcpServiceSchema });
  const udp = decodeUdpElements(found.udp, { strings: false, serviceSchema: udpServiceSchema });
  issues.push(...elements.issues, ...tcp.issues, ...udp.issues);
  const tls = decodeTls(found.tls);
  issues.push(...tls.issues);
  return {
    elements,
    tcp,
    udp,
    tls: tls.value,
    brokenTlsOptions: tls.broken,
    issues,
    faults,
    placeOf: yaml.placeOf,
    valuePlaceOf: yaml.valuePlaceOf,
  };
}

function sectionsOf(root: unknown, issues: ElementIssue[], faults: TextFault[]): Partial<Record<Section, unknown>> {
  // A file that is empty, or holds comments alone, says that there is nothing.
  if (root === null || root === undefined) return {};
  if (typeof root !== 'object' || Array.isArray(root)) {
    faults.push({ line: 1, column: 1, message: 'This is no dynamic configuration: it begins with http:' });
    return {};
  }
  const found: Partial<Record<Section, unknown>> = {};
  for (const [key, value] of Object.entries(root)) {
    const section = sections.find((name) => name === key.toLowerCase());
    if (section) found[section] = value;
    else {
      const suggestion = nearestName(key, sections);
      issues.push({ ...issue([key], 'OPTION_UNKNOWN', 'error', 'is not an option here'), suggestion });
    }
  }
  return found;
}

function issue(
  path: readonly string[],
  code: ElementIssue['code'],
  severity: ElementIssue['severity'],
  message: string,
): ElementIssue {
  return { element: null, path, code, severity, message, suggestion: null };
}

function readRendered(
  text: string,
  file: string,
  env: Readonly<Record<string, string | undefined>> | null,
): PlacedText {
  if (env === null || !text.includes('{{')) return readPlaced(text, file);
  try {
    return readPlaced(compileGoTemplate(text, { functions: environmentFunctions(env) })(undefined), file);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const before = text.slice(0, error.offset).split('\n');
    const place = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    const message = `The Go template cannot be run: ${error.message}`;
    return { value: undefined, faults: [{ ...place, message }], placeOf: () => place, valuePlaceOf: () => null };
  }
}
