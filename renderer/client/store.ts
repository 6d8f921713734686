import { create } from 'zustand';
import type { TrafficTick } from '../../app/contract/objects.ts';
import type { GatehouseClient } from './contract.ts';
import { createLogBuffer } from './log-buffer.ts';
import type { Picture } from './picture.ts';

/** How the dashboard stands with the engine. */
export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Gone since then; the last picture stays. */
  | { readonly kind: 'away'; readonly since: number }
  | { readonly kind: 'signedOut'; readonly passwordSet: boolean };

interface EngineStore {
  readonly link: Link;
  readonly client: GatehouseClient | null;
  readonly picture: Picture | null;
  /** The last five minutes, oldest first. */
  readonly ticks: readonly TrafficTick[];
  /** Whether this is a browser that signed in, and so can sign out. */
  readonly session: boolean;
}

export const liveTicksKept = 300;

export const useEngine = create<EngineStore>(() => ({
  link: { kind: 'connecting' },
  client: null,
  picture: null,
  ticks: [],
  session: false,
}));

export const logBuffer = createLogBuffer({ capacity: 100_000, notifyMs: 250 });
