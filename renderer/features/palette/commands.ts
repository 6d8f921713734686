import type { MiddlewareView, RouterView, ServiceView } from '../../../app/contract/objects.ts';
import { viewKey } from '../../../app/contract/view-key.ts';
import type { Picture } from '../../client/picture.ts';

/** Everything that the palette can reach. Pure, so that the ranking can be judged without a page. */
export interface Command {
  readonly id: string;
  readonly group: 'pages' | 'actions' | 'containers' | 'routers' | 'services' | 'middlewares' | 'certificates';
  readonly text: string;
  readonly hint?: string;
  /** Other words that find it. */
  readonly also?: string;
  readonly run: () => void;
}

/** Better matches first: a beginning, a word's beginning, a part. Null where it does not fit. */
export function rank(command: Pick<Command, 'text' | 'hint' | 'also'>, needle: string): number | null {
  const text = command.text.toLowerCase();
  const wanted = needle.trim().toLowerCase();
  if (wanted === '') return 0;
  if (text.startsWith(wanted)) return 0;
  const at = text.indexOf(wanted);
  if (at > 0) return /[a-z0-9à-ÿ]/.test(text.charAt(at - 1)) ? 2 : 1;
  const rest = `${command.hint ?? ''} ${command.also ?? ''}`.toLowerCase();
  if (rest.includes(wanted)) return 3;
  // Every word somewhere.
  const words = wanted.split(/\s+/);
  return words.length > 1 && words.every((word) => `${text} ${rest}`.includes(word)) ? 4 : null;
}

const groupOrder: Record<Command['group'], number> = {
  actions: 1,
  pages: 0,
  containers: 2,
  routers: 3,
  services: 4,
  middlewares: 5,
  certificates: 6,
};

export function find(commands: readonly Command[], needle: string, limit: number): Command[] {
  return commands
    .map((command) => ({ command, score: rank(command, needle) }))
    .filter((entry): entry is { command: Command; score: number } => entry.score !== null)
    .toSorted(
      (a, b) =>
        a.score - b.score ||
        groupOrder[a.command.group] - groupOrder[b.command.group] ||
        a.command.text.localeCompare(b.command.text),
    )
    .slice(0, limit)
    .map((entry) => entry.command);
}

/** One command for each object of the engine. */
export function objectCommands(picture: Picture, go: (path: string) => void): Command[] {
  const of = (
    group: 'routers' | 'services' | 'middlewares',
    items: readonly (RouterView | ServiceView | MiddlewareView)[],
    hint: (key: string) => string,
  ): Command[] =>
    items.map((item) => {
      const key = viewKey(item);
      const protocol = item.protocol === undefined ? '' : `${item.protocol.toUpperCase()} `;
      return {
        id: `${group} ${key}`,
        group,
        text: item.name,
        hint: `${protocol}${hint(key)}`,
        run: () => go(`/${group}/${encodeURIComponent(key)}`),
      };
    });
  const rules = new Map(picture.routers.map((router) => [viewKey(router), router.rule]));
  const servers = new Map(picture.services.map((service) => [viewKey(service), service.servers[0]?.url ?? '']));
  const types = new Map(picture.middlewares.map((middleware) => [viewKey(middleware), middleware.type]));
  return [
    ...picture.containers.map(
      (container): Command => ({
        id: `container ${container.id}`,
        group: 'containers',
        text: container.name,
        hint: container.image,
        run: () => go(`/containers/${encodeURIComponent(container.name)}`),
      }),
    ),
    ...of('routers', picture.routers, (name) => rules.get(name) ?? ''),
    ...of('services', picture.services, (name) => servers.get(name) ?? ''),
    ...of('middlewares', picture.middlewares, (name) => types.get(name) ?? ''),
    ...picture.certificates.map(
      ({ id, names, issuer }): Command => ({
        id: `certificate ${id}`,
        group: 'certificates',
        text: names[0] ?? id,
        hint: issuer,
        also: names.join(' '),
        run: () => go(`/certificates/${encodeURIComponent(id)}`),
      }),
    ),
  ];
}
