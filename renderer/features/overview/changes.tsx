import { CircleDot, Minus, Plus, RotateCcw, TriangleAlert, Undo2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { Change } from '../../../app/contract/objects.ts';
import { undo } from '../../client/actions.ts';
import { Button } from '../../components/button.tsx';
import { Time } from '../../components/time.tsx';
import { containerPath, routerPath } from '../road/stations.tsx';

const shown = 12;

function iconOf(kind: Change['kind']) {
  if (kind === 'change.undone') return Undo2;
  if (kind === 'router.broke' || kind === 'provider.lost') return TriangleAlert;
  if (kind.endsWith('created') || kind.endsWith('appeared') || kind.endsWith('Created')) return Plus;
  if (kind.endsWith('removed') || kind.endsWith('gone') || kind.endsWith('Revoked')) return Minus;
  if (kind.endsWith('recovered') || kind.endsWith('connected') || kind.endsWith('restarted')) return RotateCcw;
  return CircleDot;
}

function hrefOf(change: Change): string | null {
  if (change.subject === '') return null;
  if (change.kind === 'container.appeared') return containerPath(change.subject);
  if (change.kind.startsWith('exposure.') && change.kind !== 'exposure.removed') {
    return routerPath(change.subject.includes('@') ? change.subject : `${change.subject}@gatehouse`);
  }
  return change.kind.startsWith('router.') ? routerPath(change.subject) : null;
}

export function Changes({ changes }: { changes: readonly Change[] }) {
  const { t } = useTranslation();
  if (changes.length === 0) return <p className="px-4 py-6 text-13 text-muted">{t('overview.noChanges')}</p>;
  return (
    <ul>
      {changes.slice(0, shown).map((change) => {
        const Icon = iconOf(change.kind);
        const words = t(`change.${change.kind.replace('.', '_') as 'exposure_created'}`, { subject: change.subject });
        const href = hrefOf(change);
        return (
          <li
            key={change.id}
            className="flex min-h-10 items-center gap-3 border-b border-line px-4 py-1 text-13 last:border-0"
          >
            <Icon
              size={14}
              aria-hidden
              className={`shrink-0 ${Icon === TriangleAlert ? 'text-attention' : 'text-muted'}`}
            />
            <span className="min-w-0 flex-1 [overflow-wrap:anywhere]">
              {href === null ? (
                words
              ) : (
                <Link href={href} className="link">
                  {words}
                </Link>
              )}{' '}
              <span className="text-muted">
                {t(`change.by.${change.actor}`)}, <Time at={change.at} />
              </span>
            </span>
            {change.undoable && (
              <Button look="quiet" onClick={() => void undo(change.id)}>
                {t('common.undo')}
                <span className="sr-only">: {words}</span>
              </Button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
