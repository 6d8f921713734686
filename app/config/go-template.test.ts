import { describe, expect, it, test } from 'vitest';
import { middlewareTable } from '../../proxy/middleware/table.ts';
import { parseDynamicFile } from './dynamic-file.ts';
import { compileGoTemplate, environmentFunctions } from './go-template.ts';
import { TemplateError } from './go-template-parse.ts';

const env = { DOMAIN: 'example.org', APPS: 'photos,files', EMPTY: '' };

function render(text: string): string {
  return compileGoTemplate(text, { functions: environmentFunctions(env) })(undefined);
}

test.each([
  ['{{ env "DOMAIN" }}', 'example.org'],
  ['{{ env "ABSENT" | default "x.org" }}', 'x.org'],
  ['{{ env "__proto__" }}{{ env "constructor" }}', ''],
  ['{{ expandenv "a.${DOMAIN} $EMPTY." }}', 'a.example.org .'],
  ['{{ range $i, $app := splitList "," (env "APPS") }}{{ $i }}:{{ $app }};{{ end }}', '0:photos;1:files;'],
  ['{{ range list 1 2 }}[{{ . }}]{{ else }}none{{ end }}', '[1][2]'],
  ['{{ range list }}x{{ else }}none{{ end }}', 'none'],
  ['{{ range $k, $v := dict "b" 2 "a" 1 }}{{ $k }}{{ $v }}{{ end }}', 'a1b2'],
  ['{{ if and (eq (env "DOMAIN") "example.org") (not (env "EMPTY")) }}yes{{ else }}no{{ end }}', 'yes'],
  ['{{ if eq 1 2 }}a{{ else if or false (gt 3 2) }}b{{ else }}c{{ end }}', 'b'],
  ['{{ with env "DOMAIN" }}at {{ . }}{{ else }}nowhere{{ end }}', 'at example.org'],
  ['{{ with env "EMPTY" }}at {{ . }}{{ else }}nowhere{{ end }}', 'nowhere'],
  ['{{ $n := 1 }}{{ range until 3 }}{{ $n = add $n . }}{{ end }}{{ $n }}', '4'],
  ['{{ printf "%s-%02d %q" "a" 7 "b" }}', 'a-07 "b"'],
  ['{{ (dict "a" (dict "b" 5)).a.b }}', '5'],
  ['a {{- /* a note */ -}} b', 'ab'],
  ['{{ "web" | upper | trimSuffix "B" }}{{ index (list "x" "y") 1 }}', 'WEy'],
  ['{{ and false (index (list) 5) }}', 'false'],
  ["{{ 'x' }}", null],
  ['{{ readFile "/etc/passwd" }}', null],
  ['{{ getHostByName "localhost" }}', null],
  ['{{ template "x" }}', null],
  ['{{ if true }}', null],
  ['{{ range 5 }}{{ end }}', null],
  ['{{ index (list 1) 3 }}', null],
  ['{{ div 1 0 }}', null],
])('%s', (text, expected) => {
  if (expected === null) expect(() => render(text)).toThrow(TemplateError);
  else expect(render(text)).toBe(expected);
});

test('time and output are bounded', () => {
  const nested = '{{ range until 9999 }}'.repeat(6) + 'x' + '{{ end }}'.repeat(6);
  expect(() => render(nested)).toThrow('too many steps');
  expect(() => render('{{ until 100000000 }}')).toThrow('items at most');
  expect(() => render('{{ repeat 100000000 "x" }}')).toThrow('longer');
  expect(() => render(`{{ $a := repeat 1000000 "x" }}${'{{ $a }}'.repeat(9)}`)).toThrow('4 MiB');
  expect(() => render('{{ if true }}'.repeat(200) + '{{ end }}'.repeat(200))).toThrow('nested');
  const doubling = `{{ $a := "x" }}${'{{ $a = printf "%s%s" $a $a }}'.repeat(40)}`;
  expect(() => render(doubling)).toThrow('longer');
});

describe('a file of dynamic configuration', () => {
  it('runs its template first', () => {
    const text = `http:
  routers:
{{- range splitList "," (env "APPS") }}
    {{ . }}:
      rule: "Host(\`{{ . }}.{{ env "DOMAIN" }}\`)"
      service: {{ . }}
{{- end }}
`;
    const { elements, faults, issues } = parseDynamicFile(text, middlewareTable, 'x.yml', env);
    expect([...faults, ...issues]).toEqual([]);
    expect(elements.routers).toEqual({
      photos: { rule: 'Host(`photos.example.org`)', service: 'photos' },
      files: { rule: 'Host(`files.example.org`)', service: 'files' },
    });
  });

  it('says where its template cannot be run', () => {
    const text = 'http:\n  routers:\n    a:\n      rule: {{ envv "DOMAIN" }}\n';
    expect(parseDynamicFile(text, middlewareTable, 'x.yml', env).faults).toEqual([
      {
        line: 4,
        column: 13,
        message: 'The Go template cannot be run: the template function "envv" is not known; did you mean "env"?',
      },
    ]);
  });
});
