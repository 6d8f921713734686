import {
  CircleDot,
  DoorOpen,
  type LucideIcon,
  Minus,
  Network,
  Pause,
  Route,
  Server,
  ShieldHalf,
  TriangleAlert,
  User,
  X,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { Breakable } from './breakable.tsx';
import { type Tone, toneText } from './status.tsx';

export type StationKind = 'visitor' | 'entryPoint' | 'rule' | 'middleware' | 'service' | 'server' | 'answer';

export interface Station {
  readonly id: string;
  readonly kind: StationKind;
  readonly title: string;
  readonly href?: string | undefined;
  /** What is to be known of it here: health, time taken, verdict. */
  readonly note?: ReactNode;
  readonly tone: Tone | 'plain';
  /** The road does not go on from here. */
  readonly end?: boolean | undefined;
}

const kindIcons: Record<StationKind, LucideIcon> = {
  visitor: User,
  entryPoint: DoorOpen,
  rule: Route,
  middleware: ShieldHalf,
  service: Network,
  server: Server,
  answer: CircleDot,
};

const toneIcons: Record<Exclude<Tone, 'good'>, LucideIcon> = {
  attention: TriangleAlert,
  broken: X,
  off: Minus,
  paused: Pause,
};

function StationDot({ station, reached }: { station: Station; reached: boolean }) {
  const { tone } = station;
  const Icon = tone === 'plain' || tone === 'good' ? kindIcons[station.kind] : toneIcons[tone];
  const colour = !reached && tone !== 'broken' ? 'text-muted' : tone === 'plain' ? 'text-soft' : toneText[tone];
  return (
    <span className={`road-dot ${colour}`} aria-hidden>
      <Icon size={11} strokeWidth={2.25} />
    </span>
  );
}

/**
 * The road of a request, the picture of the product. `requestsPerSecond` sets how fast traffic moves on it;
 * zero, or null where it is not known, leaves it still.
 */
export function Road({
  stations,
  label,
  requestsPerSecond = null,
}: {
  stations: readonly Station[];
  label: string;
  requestsPerSecond?: number | null;
}) {
  const { t } = useTranslation();
  const firstEnd = stations.findIndex((station) => station.end);
  const flows = requestsPerSecond !== null && requestsPerSecond > 0;
  // Quicker with traffic, but never hectic: from 2.4 s a step down to 0.5 s.
  const stepS = flows ? Math.max(0.5, 2.4 - Math.log10(1 + requestsPerSecond * 10) * 0.7) : 0;
  return (
    <div className="road">
      <ol
        className="road-line"
        aria-label={label}
        style={{ '--road-step': `${stepS.toFixed(2)}s` } as React.CSSProperties}
      >
        {stations.map((station, index) => {
          const reached = firstEnd === -1 || index <= firstEnd;
          const cut = firstEnd !== -1 && index >= firstEnd;
          return (
            <li key={station.id} className="road-station">
              <StationDot station={station} reached={reached} />
              {index < stations.length - 1 && (
                <span className="road-segment" data-cut={cut} data-flow={flows && !cut} aria-hidden />
              )}
              <div className="min-w-0">
                <div className="text-12 text-muted">{t(`road.${station.kind}`)}</div>
                <div className={`font-mono text-13 [overflow-wrap:anywhere] ${reached ? 'text-text' : 'text-muted'}`}>
                  {station.href ? (
                    <Link href={station.href} className="link">
                      <Breakable text={station.title} />
                    </Link>
                  ) : (
                    <Breakable text={station.title} />
                  )}
                </div>
                {station.note !== undefined && <div className="mt-0.5 text-12 text-muted">{station.note}</div>}
              </div>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
