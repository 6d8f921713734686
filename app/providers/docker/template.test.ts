import { describe, expect, test } from 'vitest';
import { compileTemplate, normalize, TemplateError } from './template.ts';

const data = { Name: 'web_Shop.1', ContainerName: 'shop-web-1', Labels: { domain: 'example.org', 'a.b': 'x' } };
const render = (text: string) => compileTemplate(text)(data);

test.each([
  ['Host(`fixed`)', 'Host(`fixed`)'],
  ['Host(`{{ normalize .Name }}`)', 'Host(`web-Shop-1`)'],
  ['{{.Name}}', 'web_Shop.1'],
  ['{{ .Name | normalize | lower }}.{{ index .Labels "domain" }}', 'web-shop-1.example.org'],
  ['{{ index .Labels "a.b" }}{{ index .Labels "none" }}', 'x'],
  ['{{ .Labels.domain }}', 'example.org'],
  ['{{ trimPrefix "shop-" .ContainerName }}', 'web-1'],
  ['{{ trimSuffix "-1" .ContainerName | upper }}', 'SHOP-WEB'],
  ['{{ replace "-" "." .ContainerName }}', 'shop.web.1'],
  ['{{ splitList "-" .ContainerName | first }}/{{ splitList "-" .ContainerName | last }}', 'shop/1'],
  ['{{ index (splitList "-" .ContainerName) 1 }}', 'web'],
  ['{{ join "," (splitList "-" .ContainerName) }}', 'shop,web,1'],
  ['{{ default "lan" (index .Labels "none") }}', 'lan'],
  ['{{ coalesce (index .Labels "none") "b" }}', 'b'],
  ['a {{- " b " -}} c', 'a b c'],
  ['{{/* nothing */}}x', 'x'],
  ['{{ if index .Labels "domain" }}yes{{ else }}no{{ end }}', 'yes'],
  ['{{ if eq .Name "x" }}1{{ else if hasPrefix "web" .Name }}2{{ else }}3{{ end }}', '2'],
  ['{{ if and (contains "e" .Name) (not false) }}{{ len .Labels }}{{ end }}', '2'],
  ['{{ print `raw "text"` 1 }}', 'raw "text"1'],
])('%s gives %s', (text, expected) => {
  expect(render(text)).toBe(expected);
});

describe('what cannot be used is named', () => {
  test.each([
    ['{{ .Toto }}', '.Toto is not known'],
    ['{{ env "HOME" }}', '"env"'],
    ['{{ .Name', 'not closed'],
    ['{{ if .Name }}x', '{{end}}'],
    ['{{ end }}', 'without an {{if}}'],
    ['{{ define "x" }}{{ end }}', '{{define}}'],
    ['{{ $x }}', '$x'],
    ['{{ "a" "b" }}', 'given arguments'],
    ['{{ (lower .Name }}', 'not closed'],
    ['{{ }}', 'empty'],
  ])('%s: %s', (text, part) => {
    const run = () => render(text);
    expect(run).toThrow(TemplateError);
    expect(run).toThrow(part);
  });
});

test('a label cannot be a way to the prototype', () => {
  expect(compileTemplate('{{ index .Labels "constructor" }}{{ .Labels.toString }}')(data)).toBe('');
  expect(() => compileTemplate('{{ .constructor }}')(data)).toThrow(TemplateError);
});

test('names are normalised as Traefik does', () => {
  expect(normalize('web_shop')).toBe('web-shop');
  expect(normalize('--Äpfel  &.birnen--')).toBe('Äpfel-birnen');
  expect(normalize('...')).toBe('');
});
