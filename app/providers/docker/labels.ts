import type { OptionPath } from '../../config/decode.ts';
import { childNamed, insertName, type NameTree, nameParts, nameTree, objectOfTree } from '../../config/name-tree.ts';
import { nearestName } from '../../config/nearest.ts';

/** Traefik's labels of one container as a tree, names merged without regard to case (the first spelling stays). */
export interface LabelTree {
  /** Below `traefik.http`, `traefik.tcp` and `traefik.udp`, ready for the decoder; null where no such label stands. */
  readonly http: object | null;
  readonly tcp: object | null;
  readonly udp: object | null;
  /** `traefik.enable`, `traefik.docker.allownonrunning`, as written. */
  readonly enable: string | null;
  readonly allowNonRunning: string | null;
  /** Labels whose names cannot be read, such as `traefik.http..rule`. */
  readonly malformed: readonly string[];
  /** Labels that look like routing and are not read: of Traefik 1, or with `traefik.http` misspelt. */
  readonly misplaced: readonly { readonly label: string; readonly suggestion: string | null }[];
  /** Labels of TLS stores (`traefik.tls.stores.default.defaultgeneratedcert…`), which are known and not served. */
  readonly tlsStores: readonly string[];
  /** The label that sets the option at this path, else the first below it, else the name such a label would have. */
  readonly labelOf: (path: OptionPath) => string;
}

export function labelTree(labels: Readonly<Record<string, string>>): LabelTree {
  const root = nameTree('traefik');
  const malformed: string[] = [];
  const names = Object.keys(labels)
    .filter((name) => name.toLowerCase().startsWith('traefik.'))
    .toSorted();
  for (const name of names) {
    const parts = nameParts(name.slice('traefik.'.length));
    if (parts) insertName(root, parts, labels[name] ?? '');
    else malformed.push(name);
  }
  const below = (protocol: string): object | null => {
    const node = childNamed(root, protocol);
    return node ? objectOfTree(node) : null;
  };
  return {
    http: below('http'),
    tcp: below('tcp'),
    udp: below('udp'),
    enable: childNamed(root, 'enable')?.text ?? null,
    allowNonRunning: childNamed(childNamed(root, 'docker'), 'allownonrunning')?.text ?? null,
    malformed,
    misplaced: root.children.flatMap((node) => misplacedLabels(node, names)),
    tlsStores: names.filter((name) => name.toLowerCase().startsWith('traefik.tls.')),
    labelOf: labelFinder(names),
  };
}

const protocols = ['http', 'tcp', 'udp'];
const traefik1 = ['frontend', 'backend', 'port', 'protocol', 'weight'];

function misplacedLabels(
  node: NameTree,
  names: readonly string[],
): { readonly label: string; readonly suggestion: string | null }[] {
  const name = node.name.toLowerCase();
  if (protocols.includes(name)) return [];
  const routed = ['routers', 'services', 'middlewares'].some((kind) => childNamed(node, kind));
  if (!routed && !traefik1.includes(name)) return [];
  const label = names.find((each) => each.toLowerCase().startsWith(`traefik.${name}`)) ?? `traefik.${node.name}`;
  const suggestion = routed ? nearestName(name, protocols) : null;
  return [{ label, suggestion: suggestion && `traefik.${suggestion}${label.slice(`traefik.${name}`.length)}` }];
}

/** Sorted, so that a container with thousands of labels costs no more than the logarithm of that for each question. */
function labelFinder(names: readonly string[]): LabelTree['labelOf'] {
  const sorted = names
    .map((name) => ({ name, lower: name.toLowerCase() }))
    .toSorted((a, b) => (a.lower < b.lower ? -1 : a.lower > b.lower ? 1 : 0));
  const firstFrom = (text: string) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle]?.lower ?? '') < text) low = middle + 1;
      else high = middle;
    }
    return sorted[low];
  };
  const exactly = (text: string): string | undefined => {
    const found = firstFrom(text);
    return found?.lower === text ? found.name : undefined;
  };
  const startingWith = (text: string): string | undefined => {
    const found = firstFrom(text);
    return found?.lower.startsWith(text) === true ? found.name : undefined;
  };
  return (path) => {
    const label = path.reduce<string>(
      (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}.${part}`),
      'traefik',
    );
    const wanted = label.toLowerCase();
    return (
      exactly(wanted) ??
      startingWith(`${wanted}.`) ??
      startingWith(`${wanted}[`) ??
      // A list of plain values stands in one label.
      exactly(wanted.replace(/\[\d+\]$/, '')) ??
      label
    );
  };
}
