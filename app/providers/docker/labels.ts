import { type OptionPath, ownText } from '../../config/decode.ts';
import { nearestName } from '../../config/nearest.ts';

/** Traefik's labels of one container as a tree, names merged without regard to case (the first spelling stays). */
export interface LabelTree {
  /** Below `traefik.http`, ready for the decoder; null where no such label stands. */
  readonly http: object | null;
  /** Below `traefik.tcp` and `traefik.udp`: whether any label stands there, and the first. */
  readonly tcp: string | null;
  readonly udp: string | null;
  /** `traefik.enable`, `traefik.docker.allownonrunning`, as written. */
  readonly enable: string | null;
  readonly allowNonRunning: string | null;
  /** Labels whose names cannot be read, such as `traefik.http..rule`. */
  readonly malformed: readonly string[];
  /** Labels that look like routing and are not read: of Traefik 1, or with `traefik.http` misspelt. */
  readonly misplaced: readonly { readonly label: string; readonly suggestion: string | null }[];
  /** The label that sets the option at this path, else the first below it, else the name such a label would have. */
  readonly labelOf: (path: OptionPath) => string;
}

interface Node {
  readonly name: string;
  text: string | null;
  readonly children: Node[];
}

export function labelTree(labels: Readonly<Record<string, string>>): LabelTree {
  const root: Node = { name: 'traefik', text: null, children: [] };
  const malformed: string[] = [];
  const names = Object.keys(labels)
    .filter((name) => name.toLowerCase().startsWith('traefik.'))
    .toSorted();
  for (const name of names) {
    const parts = partsOf(name);
    if (parts) insert(root, parts, labels[name] ?? '');
    else malformed.push(name);
  }
  const http = child(root, 'http');
  return {
    http: http ? asObject(http) : null,
    tcp: child(root, 'tcp') ? (names.find((name) => name.toLowerCase().startsWith('traefik.tcp.')) ?? null) : null,
    udp: child(root, 'udp') ? (names.find((name) => name.toLowerCase().startsWith('traefik.udp.')) ?? null) : null,
    enable: child(root, 'enable')?.text ?? null,
    allowNonRunning: child(child(root, 'docker'), 'allownonrunning')?.text ?? null,
    malformed,
    misplaced: root.children.flatMap((node) => misplacedLabels(node, names)),
    labelOf: (path) => labelOf(names, path),
  };
}

const protocols = ['http', 'tcp', 'udp'];
const traefik1 = ['frontend', 'backend', 'port', 'protocol', 'weight'];

function misplacedLabels(
  node: Node,
  names: readonly string[],
): { readonly label: string; readonly suggestion: string | null }[] {
  const name = node.name.toLowerCase();
  if (protocols.includes(name)) return [];
  const routed = ['routers', 'services', 'middlewares'].some((kind) => child(node, kind));
  if (!routed && !traefik1.includes(name)) return [];
  const label = names.find((each) => each.toLowerCase().startsWith(`traefik.${name}`)) ?? `traefik.${node.name}`;
  const suggestion = routed ? nearestName(name, protocols) : null;
  return [{ label, suggestion: suggestion && `traefik.${suggestion}${label.slice(`traefik.${name}`.length)}` }];
}

/** `traefik.http.routers.a.tls.domains[0].main` → http, routers, a, tls, domains, [0], main. Null: not readable. */
function partsOf(label: string): string[] | null {
  const parts: string[] = [];
  for (const part of label.split('.').slice(1)) {
    const match = /^([^[\]]+)((?:\[\d+\])*)$/.exec(part);
    if (!match?.[1] || part === '__proto__') return null;
    parts.push(match[1], ...(match[2] ?? '').split(/(?<=\])/).filter((index) => index !== ''));
  }
  return parts;
}

function insert(root: Node, parts: readonly string[], text: string): void {
  let node = root;
  for (const part of parts) {
    let next = child(node, part);
    if (!next) {
      next = { name: part, text: null, children: [] };
      node.children.push(next);
    }
    node = next;
  }
  node.text ??= text;
}

function child(node: Node | undefined, name: string): Node | undefined {
  const wanted = name.toLowerCase();
  return node?.children.find((candidate) => candidate.name.toLowerCase() === wanted);
}

function valueOf(node: Node): unknown {
  if (node.children.length === 0) return node.text ?? '';
  if (node.children.every(({ name }) => name.startsWith('['))) {
    return node.children
      .toSorted((a, b) => Number(a.name.slice(1, -1)) - Number(b.name.slice(1, -1)))
      .map((item) => valueOf(item));
  }
  return asObject(node);
}

function asObject(node: Node): object {
  const value: Record<string, unknown> & { [ownText]?: string } = {};
  for (const member of node.children) value[member.name] = valueOf(member);
  if (node.text !== null) value[ownText] = node.text;
  return value;
}

function labelOf(names: readonly string[], path: OptionPath): string {
  const label = path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}.${part}`),
    'traefik',
  );
  const wanted = label.toLowerCase();
  const below = names.find((name) => {
    const lower = name.toLowerCase();
    return lower.startsWith(wanted) && ['.', '[', undefined].includes(lower[wanted.length]);
  });
  // A list of plain values stands in one label.
  const list = names.find((name) => name.toLowerCase() === wanted.replace(/\[\d+\]$/, ''));
  return names.find((name) => name.toLowerCase() === wanted) ?? below ?? list ?? label;
}
