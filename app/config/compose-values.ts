/** Members of what may be anything, as a Compose file holds it. */

export function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** Empty for what is no single value. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/**
 * Compose writes a dollar as two; variables stand for what is not known here, `unknown`: a word that fits in most
 * places.
 */
export function interpolated(value: string, unknown = 'variable'): string {
  return value.replaceAll(
    /\$\$|\$\{([A-Za-z_]\w*)(?::?[-?+]([^}]*))?\}|\$([A-Za-z_]\w*)/g,
    (all, _braced, fallback?: string) => (all === '$$' ? '$' : (fallback ?? unknown)),
  );
}

/** Whether a value depends on a variable of which nothing is known. */
export function isUnknown(value: string): boolean {
  return interpolated(value, '\0').includes('\0');
}

export interface WrittenLabel {
  readonly name: string;
  /** As it is written. */
  readonly value: string;
  readonly path: readonly (string | number)[];
}

/** Labels as a list of `NAME=VALUE`, or as a map. */
export function labelsIn(labels: unknown, at: readonly (string | number)[]): WrittenLabel[] {
  if (Array.isArray(labels)) {
    return labels.map((item, index) => {
      const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(textOf(item)) ?? [];
      return { name, value, path: [...at, index] };
    });
  }
  return entriesOf(labels).map(([name, value]) => ({ name, value: textOf(value), path: [...at, name] }));
}
