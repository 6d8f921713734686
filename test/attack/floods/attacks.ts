import type { Behaviour } from './connections.ts';
import { askingFor, http1Attacks, serverFaults } from './http1-attacks.ts';
import { http2Attacks } from './http2-attacks.ts';

function all(host: string, spare: number): Readonly<Record<string, Behaviour>> {
  const faults = Object.entries(serverFaults).map(([name, path]) => [name, askingFor(host, path)] as const);
  return { ...http1Attacks(host, spare), ...http2Attacks(host), ...Object.fromEntries(faults) };
}

export const attackNames = Object.keys(all('', 0));
/** Whose connections alone are the attack. */
export const crowds = attackNames.filter((name) => /\bconnections from\b/.test(name));

export function attackNamed(name: string, host: string, spare: number): Behaviour {
  const found = all(host, spare)[name];
  if (!found) throw new Error(`There is no attack "${name}". There are: ${attackNames.join(', ')}.`);
  return found;
}
