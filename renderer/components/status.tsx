import { CircleAlert, CircleCheck, CircleDashed, CirclePause, CircleX, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

/** Good, attention, broken, off: always an icon, a word and a colour. */
export type Tone = 'good' | 'attention' | 'broken' | 'off' | 'paused';

const icons: Record<Tone, LucideIcon> = {
  good: CircleCheck,
  attention: CircleAlert,
  broken: CircleX,
  off: CircleDashed,
  paused: CirclePause,
};

export const toneText: Record<Tone, string> = {
  good: 'text-good',
  attention: 'text-attention',
  broken: 'text-broken',
  off: 'text-off',
  paused: 'text-off',
};

export const toneGround: Record<Tone, string> = {
  good: 'bg-good-soft',
  attention: 'bg-attention-soft',
  broken: 'bg-broken-soft',
  off: 'bg-off-soft',
  paused: 'bg-off-soft',
};

export function ToneIcon({ tone, size = 16 }: { tone: Tone; size?: number }) {
  const Icon = icons[tone];
  return <Icon size={size} strokeWidth={2} aria-hidden className={`shrink-0 ${toneText[tone]}`} />;
}

export function Status({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={`inline-flex items-center gap-1.5 whitespace-nowrap ${toneText[tone]}`}>
      <ToneIcon tone={tone} size={14} />
      <span className="text-13">{children}</span>
    </span>
  );
}
