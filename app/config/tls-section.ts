import { type TlsConfiguration, tlsConfigurationSchema } from '../../proxy/model/tls.ts';
import { decode } from './decode.ts';
import type { ElementIssue } from './http-elements.ts';

/** Reads the `tls` section of dynamic configuration. What is left of options that could not be read in full is not used. */
export function decodeTls(input: unknown): {
  readonly value: TlsConfiguration;
  readonly broken: Readonly<Record<string, string>>;
  readonly issues: readonly ElementIssue[];
} {
  if (input === undefined || input === null) return { value: {}, broken: {}, issues: [] };
  const { value, issues } = decode(tlsConfigurationSchema, input, { strings: false, path: ['tls'] });
  const broken: Record<string, string> = {};
  for (const { path, severity, message } of issues) {
    const [, section, name, ...option] = path;
    if (section === 'options' && name !== undefined && severity === 'error') {
      broken[String(name)] ??= `${option.join('.')} ${message}`;
    }
  }
  const config = value ?? {};
  // Options that are nothing but wrong are there all the same, so that routers which name them stay closed.
  const options = { ...Object.fromEntries(Object.keys(broken).map((name) => [name, {}])), ...config.options };
  return {
    value: Object.keys(options).length > 0 ? { ...config, options } : config,
    broken,
    issues: issues.map((issue) => ({ ...issue, element: null })),
  };
}
