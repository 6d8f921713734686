/** `whoami` and `docker` give `whoami@docker`; a name that is qualified already stays as it is. */
export function qualify(name: string, provider: string): string {
  return name.includes('@') ? name : `${name}@${provider}`;
}

/** The part of a qualified name after the last `@`; empty where there is none. */
export function providerOf(qualifiedName: string): string {
  const at = qualifiedName.lastIndexOf('@');
  return at < 0 ? '' : qualifiedName.slice(at + 1);
}

/** The part of a qualified name before the last `@`. */
export function localName(qualifiedName: string): string {
  const at = qualifiedName.lastIndexOf('@');
  return at < 0 ? qualifiedName : qualifiedName.slice(0, at);
}
