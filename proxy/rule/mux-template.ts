import { RE2JS } from 're2js';
import { RuleError } from './rule-error.ts';

/**
 * The regular expression of a template of the second version: text that stands for itself, and `{name:regex}` or
 * `{name}` for what varies (`free` where no expression is given). It is not anchored.
 * Throws {@link RuleError} where braces are not in pairs, or a name or expression is missing.
 */
export function templatePattern(template: string, free: string, position: number): string {
  let pattern = '';
  let end = 0;
  for (const [open, close] of bracePairs(template, position)) {
    const part = template.slice(open + 1, close);
    const colon = part.indexOf(':');
    const name = colon < 0 ? part : part.slice(0, colon);
    const expression = colon < 0 ? free : part.slice(colon + 1);
    if (name === '' || expression === '') {
      throw new RuleError(`A name or a pattern is missing in {${part}}. Write {name:pattern}.`, position);
    }
    pattern += `${RE2JS.quote(template.slice(end, open))}(?:${expression})`;
    end = close + 1;
  }
  return pattern + RE2JS.quote(template.slice(end));
}

export function hasBraces(template: string): boolean {
  return template.includes('{') || template.includes('}');
}

/** Places of the outermost braces. */
function bracePairs(template: string, position: number): (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  let depth = 0;
  let open = 0;
  for (let index = 0; index < template.length && depth >= 0; index += 1) {
    const char = template.charAt(index);
    if (char === '{') {
      if (depth === 0) open = index;
      depth += 1;
    } else if (char === '}') {
      depth -= 1;
      if (depth === 0) pairs.push([open, index]);
    }
  }
  if (depth !== 0) throw new RuleError(`The braces in ${template} are not in pairs.`, position);
  return pairs;
}
