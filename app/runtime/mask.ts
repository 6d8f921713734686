/** What stands for a secret value. */
const mask = '••••';

/**
 * A copy of options in which every value below a secret option is masked; names are compared without regard to case, and
 * `*` is every option.
 */
export function masked(options: unknown, secretOptions: readonly string[] = []): Record<string, unknown> {
  const secret = new Set(secretOptions.map((name) => name.toLowerCase()));
  const copy = (value: unknown, hidden: boolean): unknown => {
    if (Array.isArray(value)) return value.map((item) => copy(item, hidden));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, copy(item, hidden || secret.has(key.toLowerCase()))]),
      );
    }
    return hidden ? mask : value;
  };
  const result = copy(options, secret.has('*'));
  return typeof result === 'object' && result !== null && !Array.isArray(result)
    ? (result as Record<string, unknown>)
    : {};
}
