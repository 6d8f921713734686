import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRule, RuleError, type RuleNode } from './parse.ts';

/** A rule's shape in few characters, to compare with. */
function shape(node: RuleNode): string {
  switch (node.kind) {
    case 'matcher':
      return `${node.name}(${node.args.join(',')})`;
    case 'not':
      return `!${shape(node.operand)}`;
    case 'and':
    case 'or':
      return `(${node.operands.map(shape).join(node.kind === 'and' ? ' && ' : ' || ')})`;
    default:
      return node satisfies never;
  }
}

function failure(text: string): RuleError {
  try {
    parseRule(text);
  } catch (error) {
    if (error instanceof RuleError) return error;
    throw error;
  }
  throw new Error(`${text} parsed.`);
}

describe('parseRule', () => {
  it.each([
    ['Host(`a.b`)', 'Host(a.b)'],
    [' ( Host ( `a` ) ) ', 'Host(a)'],
    ['Host(`a`) || Host(`b`) && Path(`/c`)', '(Host(a) || (Host(b) && Path(/c)))'],
    ['(Host(`a`) || Host(`b`)) && Path(`/c`)', '((Host(a) || Host(b)) && Path(/c))'],
    ['!Host(`a`) && Path(`/c`)', '(!Host(a) && Path(/c))'],
    ['!!(Host(`a`) && Path(`/c`))', '!!(Host(a) && Path(/c))'],
    ['Host(`a`) && Path(`/b`)\n  && Method(`GET`)', '(Host(a) && Path(/b) && Method(GET))'],
    ['Header(`k`, "v",)', 'Header(k,v)'],
    ['Host("\\x61\\u0062\\143")', 'Host(abc)'],
    ['PathPrefix("/\\xc3\\xa9\\"\\\\")', 'PathPrefix(/é"\\)'],
    ['Path(`/a\\n`)', 'Path(/a\\n)'],
  ])('reads %j', (text, expected) => {
    expect(shape(parseRule(text))).toBe(expected);
  });

  it.each(['PathPrefix', 'pathprefix', 'PATHPREFIX', 'Pathprefix'])('accepts the spelling %s', (name) => {
    expect(shape(parseRule(`${name}(\`/a\`)`))).toBe('PathPrefix(/a)');
  });

  it.each([
    ['pathPrefix(`/a`)', 0, /Did you mean PathPrefix/],
    ['Host(`a`) && Hsot(`b`)', 13, /Did you mean Host\?/],
    ['Frobnicate(`b`)', 0, /Matchers are: ClientIP/],
    ['Host(`a`, `b`)', 0, /Host\(`a`\) \|\| Host\(`b`\)/],
    ['Headers(`k`, `v`)', 0, /Version 3 writes: Header\(`k`, `v`\)/],
    ['HeadersRegexp(`k`, `v`)', 0, /Version 3 writes: HeaderRegexp/],
    ['Header(`k`)', 0, /takes two values; one is given/],
    ['Host()', 0, /takes one value; none is given/],
    ['Host(``)', 0, /empty value/],
    ['', 0, /empty/],
    ['Host(`a`) &&', 12, /ends where a matcher/],
    ['&& Host(`a`)', 0, /must stand before this "&&"/],
    ['Host(`a`) & Path(`/b`)', 10, /write "&&"/],
    ['Host(`a`) Path(`/b`)', 10, /side by side/],
    ['(Host(`a`)', 0, /never closed/],
    ['Host(`a`))', 9, /closes nothing/],
    ['Host(`a', 5, /no backquote closes it/],
    ['Host("a', 5, /no double quote closes it/],
    ["Host('a')", 5, /not in single quotes/],
    ['Host(example.com)', 12, /backquotes/],
    ['Host("\\q")', 6, /no escape/],
    ['Host("\\ud800")', 6, /no escape/],
    ['`a`', 0, /stands alone/],
    ['Host', 0, /needs a value/],
    ['Host(`a` `b`)', 9, /comma is missing/],
    ['Path(`css`)', 0, /begins with "\/"/],
    ['PathRegexp(`(a`)', 0, /missing closing/],
    ['PathRegexp(`(?=a)`)', 0, /cannot be read/],
    ['ClientIP(`300.1.1.1`)', 0, /no address/],
    ['Host(`a.b:8080`)', 0, /without a port/],
    ['HostRegexp(`é`)', 0, /xn--/],
    ['Host(`bücher.example`)', 0, /xn--bcher-kva\.example/],
  ])('refuses %j', (text, position, message) => {
    const error = failure(text);
    expect(error.message).toMatch(message);
    expect(error.position).toBe(position);
  });

  it('refuses nesting that would exhaust the stack', () => {
    const error = failure(`${'('.repeat(5000)}Host(\`a\`)${')'.repeat(5000)}`);
    expect(error.message).toMatch(/too deeply/);
    expect(failure(`${'!'.repeat(5000)}Host(\`a\`)`).message).toMatch(/too deeply/);
  });

  it('keeps the text and place of each matcher', () => {
    const node = parseRule('Host(`a`) &&  path( "/b" )');
    expect(node).toMatchObject({
      operands: [
        { text: 'Host(`a`)', position: 0 },
        { text: 'path( "/b" )', position: 14 },
      ],
    });
  });

  it('reads thousands of parts', () => {
    const text = Array.from({ length: 5000 }, (_, index) => `Host(\`h${index}\`)`).join(' || ');
    expect(parseRule(text)).toMatchObject({ kind: 'or', operands: { length: 5000 } });
  });

  it('throws nothing but RuleError, whatever it is given', () => {
    const pieces = fc.constantFrom(
      'Host(',
      '`a`',
      ')',
      '&&',
      '||',
      '!',
      '(',
      ',',
      '"',
      '\\',
      'Path',
      '/x',
      ' ',
      '`',
      'Header',
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 20 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          return ['matcher', 'not', 'and', 'or'].includes(parseRule(text).kind);
        } catch (error) {
          return (
            error instanceof RuleError && error.position >= 0 && error.position <= text.length && error.message !== ''
          );
        }
      }),
      { numRuns: 2000 },
    );
  });
});
