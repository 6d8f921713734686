import { Link } from 'wouter';

export const routerPath = (name: string): string => `/routers/${encodeURIComponent(name)}`;

/** Routers by name, each a way to its own page. */
export function RouterLinks({ names }: { names: readonly string[] }) {
  return (
    <ul className="flex flex-col gap-1">
      {names.map((name) => (
        <li key={name}>
          <Link href={routerPath(name)} className="link block font-mono text-text [overflow-wrap:anywhere]">
            {name}
          </Link>
        </li>
      ))}
    </ul>
  );
}
