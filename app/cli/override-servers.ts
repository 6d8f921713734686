import type { OverridePlan, ServerEdit } from '../contract/objects.ts';
import { CommandError, type CommandInput, textsOption, UsageError } from './command.ts';

/** What a command line says of a service's servers: which one, and what of it. */
interface ServerWish {
  readonly server: string;
  readonly change: Partial<Omit<ServerEdit, 'server'>>;
}

export const serverOptions = {
  server: { type: 'string', multiple: true },
  weight: { type: 'string', multiple: true },
  'pause-server': { type: 'string', multiple: true },
  'resume-server': { type: 'string', multiple: true },
} as const;

/** In order. A server that is not named is the only one: `--server https://10.0.0.9`. */
export function serverWishes(input: CommandInput): readonly ServerWish[] {
  const pairs = (option: string): readonly (readonly [string, string])[] =>
    textsOption(input, option).map((text) => {
      const sign = text.indexOf('=');
      return sign < 0 ? ['', text] : [text.slice(0, sign), text.slice(sign + 1)];
    });
  return [
    ...pairs('server').map(([server, address]) => ({ server, change: { address: address === '-' ? null : address } })),
    ...pairs('weight').map(([server, text]) => ({ server, change: { weight: weightOf(text) } })),
    ...textsOption(input, 'pause-server').map((server) => ({ server, change: { paused: true } })),
    ...textsOption(input, 'resume-server').map((server) => ({ server, change: { paused: false } })),
  ];
}

function weightOf(text: string): number | null {
  if (text === '-') return null;
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`--weight is SERVER=N, where N is a whole number, not "${text}".`);
}

/** The edited servers with the wishes upon them. Throws CommandError where a server is not found. */
export function editsAfter(plan: OverridePlan, wishes: readonly ServerWish[]): ServerEdit[] {
  const edits = new Map((plan.override?.servers ?? []).map((edit) => [edit.server, edit]));
  for (const { server: asked, change } of wishes) {
    const server = serverNamed(asked, plan, edits);
    const before = edits.get(server) ?? { server, address: null, weight: null, paused: false };
    edits.set(server, { ...before, ...change });
  }
  return [...edits.values()];
}

/** By its address as labels or files say it, or as it is edited; the scheme may be left out. */
function serverNamed(asked: string, { servers }: OverridePlan, edits: ReadonlyMap<string, ServerEdit>): string {
  const all = servers.map(({ server }) => server);
  if (asked === '') {
    const [only, second] = all;
    if (only !== undefined && second === undefined) return only;
    throw new UsageError(`Say which server, as in SERVER=…. There are: ${all.join(', ') || 'none'}.`);
  }
  const isAsked = (text: string | null | undefined): boolean => text === asked || text?.split('://')[1] === asked;
  const found = all.find(isAsked) ?? all.find((server) => isAsked(edits.get(server)?.address));
  if (found !== undefined) return found;
  throw new CommandError(`There is no server ${asked}.`, `There are: ${all.join(', ') || 'none'}.`);
}

export function serverWords(edits: readonly ServerEdit[]): string[] {
  return edits.map(({ server, address, weight, paused }) => {
    const parts = [
      ...(address === null ? [] : [`at ${address}`]),
      ...(weight === null ? [] : [`weight ${weight}`]),
      ...(paused ? ['paused'] : []),
    ];
    return `server ${server} ${parts.join(', ')}`;
  });
}
