/**
 * The name of what a provider defines: always its own. `auth@file` on a container is `auth@file@docker`, so that no
 * provider can put something else in the place of another one's middleware.
 */
export function nameIn(provider: string, name: string): string {
  return `${name}@${provider}`;
}

/** What a reference means: `whoami` within `docker` is `whoami@docker`; a name with a provider stays as it is. */
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
