import { ownText } from './decode.ts';

/** A tree of options named by paths in text, such as labels and flags; names merge without regard to case. */
export interface NameTree {
  /** As it was first spelt. */
  readonly name: string;
  text: string | null;
  readonly children: NameTree[];
  /** The children by their names in lower case: a container may have ten thousand labels. */
  readonly byName: Map<string, NameTree>;
}

export function nameTree(name: string): NameTree {
  return { name, text: null, children: [], byName: new Map() };
}

/** `http.routers.a.tls.domains[0].main` → http, routers, a, tls, domains, [0], main. Null: not readable. */
export function nameParts(name: string): string[] | null {
  const parts: string[] = [];
  for (const part of name.split('.')) {
    const match = /^([^[\]]+)((?:\[\d+\])*)$/.exec(part);
    if (!match?.[1] || part === '__proto__') return null;
    parts.push(match[1], ...(match[2] ?? '').split(/(?<=\])/).filter((index) => index !== ''));
  }
  return parts;
}

/** Puts a text at a path. The first text of a path stays. */
export function insertName(root: NameTree, parts: readonly string[], text: string): void {
  let node = root;
  for (const part of parts) {
    let next = childNamed(node, part);
    if (!next) {
      next = nameTree(part);
      node.children.push(next);
      node.byName.set(part.toLowerCase(), next);
    }
    node = next;
  }
  node.text ??= text;
}

export function childNamed(node: NameTree | undefined, name: string): NameTree | undefined {
  return node?.byName.get(name.toLowerCase());
}

/** What stands below a name, ready for the decoder: objects, lists and text. */
export function objectOfTree(node: NameTree): object {
  const value: Record<string, unknown> & { [ownText]?: string } = {};
  for (const member of node.children) value[member.name] = valueOf(member);
  if (node.text !== null) value[ownText] = node.text;
  return value;
}

function valueOf(node: NameTree): unknown {
  if (node.children.length === 0) return node.text ?? '';
  if (node.children.every(({ name }) => name.startsWith('['))) {
    return node.children
      .toSorted((a, b) => Number(a.name.slice(1, -1)) - Number(b.name.slice(1, -1)))
      .map((item) => valueOf(item));
  }
  return objectOfTree(node);
}
