import { expect, test } from 'vitest';
import { elementsAt, encodeXml, parseXml, textAt } from './xml.ts';

test('reads elements, attributes, text and entities', () => {
  const document = parseXml(
    `<?xml version="1.0"?>\n<!-- <a> --><r a="1 &gt; 0" b='"'><x>one &amp; <![CDATA[<two>]]></x><x/><y z="/" /> &#65;&#x42;&unknown;</r>\n`,
  );
  expect(document.attributes).toEqual({ a: '1 > 0', b: '"' });
  expect(elementsAt(document, 'x').map(({ text }) => text)).toEqual(['one & <two>', '']);
  expect(textAt(document, 'x')).toBe('one & <two>');
  expect(textAt(document, 'y', 'z')).toBe('');
  expect(document.text.trim()).toBe('AB&unknown;');
  expect(elementsAt(document, 'y')[0]?.attributes).toEqual({ z: '/' });
  expect(parseXml(`<a>${encodeXml(`<&>"'`)}</a>`).text).toBe(`<&>"'`);
});

test.each(['', 'text', '<a>', '<a></b>', '</a>', '<a/><b/>', '<a b="<a>', `${'<a>'.repeat(200)}${'</a>'.repeat(200)}`])(
  'refuses %j',
  (text) => {
    expect(() => parseXml(text)).toThrow(/XML/);
  },
);
