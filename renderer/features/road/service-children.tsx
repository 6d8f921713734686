import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { ServerView, ServiceView } from '../../../app/contract/objects.ts';
import { viewKey } from '../../../app/contract/view-key.ts';
import { type Tone, ToneIcon } from '../../components/status.tsx';

export const servicePath = (name: string): string => `/services/${encodeURIComponent(name)}`;

export const serverTone: Record<ServerView['health'], Tone> = {
  up: 'good',
  down: 'broken',
  unchecked: 'off',
  paused: 'paused',
};

/** The services that a service leads to, with what each is there for. */
export function ServiceChildren({
  items,
  protocol,
}: {
  items: NonNullable<ServiceView['children']>;
  protocol: ServiceView['protocol'];
}) {
  const { t } = useTranslation();
  return (
    <ul className="flex flex-col gap-1.5">
      {items.map((child) => (
        <li key={`${child.role} ${child.name}`}>
          <Link
            href={servicePath(viewKey({ protocol, name: child.name }))}
            className="link block font-mono text-text [overflow-wrap:anywhere]"
          >
            {child.name}
          </Link>
          <span className="inline-flex flex-wrap items-center gap-1 text-12 text-muted">
            <ToneIcon tone={serverTone[child.health]} size={12} />
            {t(`road.${child.health}`)} · {t(`road.role.${child.role}`)}
            {child.share !== null && ` ${child.share}${child.role === 'mirror' ? ' %' : ''}`}
          </span>
        </li>
      ))}
    </ul>
  );
}
