import type { HeaderList } from '../http/header-list.ts';

/**
 * Removes a field and what a server behind may take for it: CGI, WSGI and their like read `X_User` and `X.User` as
 * `X-User`, so a client could otherwise send a second value past the one that is set here.
 */
function removeWithAliases(headers: HeaderList, name: string): void {
  const plain = plainName(name);
  headers.deleteWhere((candidate) => candidate.length === plain.length && plainName(candidate) === plain);
}

/** How a middleware takes a field off before it sets it: with its aliases, or, as Traefik does it, under its name alone. */
export function fieldRemover({ asTraefik }: { readonly asTraefik?: boolean }): typeof removeWithAliases {
  return asTraefik === true ? (headers, name) => headers.delete(name) : removeWithAliases;
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[_.]/g, '-');
}

/** Throws an Error that names the option where a name or value could not stand in a message (RFC 9110 §5). */
export function checkFields(option: string, fields: Readonly<Record<string, string>> | undefined): void {
  for (const [name, value] of Object.entries(fields ?? {})) {
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) throw new Error(`"${name}" in ${option} is no header name.`);
    checkValue(`${option}.${name}`, value);
  }
}

/** Throws an Error that names the option where a value holds what no header can hold. */
export function checkValue(option: string, value: string | undefined): void {
  // A line break would end the header; what is above Latin-1 has no byte to stand for it.
  if (value !== undefined && /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
    throw new Error(`${option} holds a character that cannot stand in a header.`);
  }
}

/** A field's name as Go spells it, which is what patterns of Traefik's options are written for: `x-user` is `X-User`. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replaceAll(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
