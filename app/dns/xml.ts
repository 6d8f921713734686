/** An element of an XML document, as far as providers' answers need it. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Its own text, without that of its children. */
  readonly text: string;
}

const deepest = 100;
const token =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<\/\s*([^\s>]+)\s*>|<([^\s!?/>]+)((?:[^>"']|"[^"]*"|'[^']*')*)>|([^<]+)/g;

/**
 * Reads a whole document. There are no document types and no entities but the five of XML and numbers, so nothing can be
 * made to grow. Throws an `Error` for what is not well formed.
 */
export function parseXml(document: string): XmlElement {
  interface Open {
    name: string;
    attributes: Record<string, string>;
    children: XmlElement[];
    text: string;
  }
  const root: Open = { name: '', attributes: {}, children: [], text: '' };
  const open: Open[] = [root];
  let end = 0;
  for (const match of document.matchAll(token)) {
    if (match.index !== end) throw new Error(`The XML cannot be read at character ${end}.`);
    end = match.index + match[0].length;
    const [, cdata, closing, opening, rest = '', text] = match;
    const top = open.at(-1) ?? root;
    if (cdata !== undefined) top.text += cdata;
    else if (text !== undefined) top.text += decoded(text);
    else if (closing !== undefined) {
      if (open.length === 1 || top.name !== closing) throw new Error(`The XML closes <${closing}>, which is not open.`);
      open.pop();
      (open.at(-1) ?? root).children.push(top);
    } else if (opening !== undefined) {
      const alone = rest.trimEnd().endsWith('/');
      const element: Open = { name: opening, attributes: attributesOf(rest), children: [], text: '' };
      if (alone) top.children.push(element);
      else if (open.push(element) > deepest) throw new Error('The XML is nested too deeply.');
    }
  }
  const [only] = root.children;
  if (end !== document.length || open.length !== 1 || !only || root.children.length > 1) {
    throw new Error('The XML is not one whole document.');
  }
  return only;
}

function attributesOf(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', double, single] of text.matchAll(/([^\s=/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
    found[name] = decoded(double ?? single ?? '');
  }
  return found;
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decoded(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]+));/g, (whole, decimal, hex, name) => {
    if (typeof name === 'string') return entities[name] ?? whole;
    const code = typeof decimal === 'string' ? Number(decimal) : Number.parseInt(String(hex), 16);
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole;
  });
}

export function encodeXml(text: string): string {
  return text.replaceAll(/[<>&"']/g, (character) => `&#${character.codePointAt(0)};`);
}

/** All elements below one that are reached by these names, each a step down. */
export function elementsAt(element: XmlElement, ...path: readonly string[]): readonly XmlElement[] {
  const [name, ...rest] = path;
  if (name === undefined) return [element];
  return element.children.filter((child) => child.name === name).flatMap((child) => elementsAt(child, ...rest));
}

/** The text at a path, trimmed; '' where there is none. */
export function textAt(element: XmlElement, ...path: readonly string[]): string {
  return elementsAt(element, ...path)[0]?.text.trim() ?? '';
}
