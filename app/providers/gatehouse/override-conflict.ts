import { RuleError } from '../../../proxy/rule/rule-error.ts';
import { defaultTcpPriority, parseTcpRule } from '../../../proxy/rule/tcp.ts';
import { OperationError } from '../../operations/error.ts';
import { isPaused } from '../../runtime/judgement.ts';
import { ruleForHost, ruleForServerName } from '../../runtime/override.ts';
import { same } from '../../runtime/same.ts';
import type { RuntimeObject, RuntimeState } from '../../runtime/state.ts';
import type { StoredOverride } from '../../store/overrides.ts';
import type { Below, Overridable } from './override-target.ts';

/**
 * Throws CONFLICT where the router would have the rule and priority of another one at the same entry point: one of the
 * two would get no requests, and nobody could say which.
 */
export function assertNoConflict(
  target: Overridable,
  below: Below,
  { host, paused }: Pick<StoredOverride, 'host' | 'paused'>,
  state: RuntimeState,
): void {
  if (paused) return;
  switch (target.kind) {
    case 'http router': {
      const { config, tls, entryPoints, parents = [] } = target.item;
      const rule = host === null ? below.rule : ruleForHost(below.rule, host);
      const others = [...state.routers.values()].filter(
        (other) => other.tls === tls && same(other.parents ?? [], parents),
      );
      const priority = priorityOf(config, Buffer.byteLength(rule));
      assertRuleFree({ name: target.item.name, rule, priority, entryPoints }, others, host);
      return;
    }
    case 'tcp router': {
      const { config, tls, entryPoints, name, syntax } = target.item;
      const rule = host === null ? below.rule : ruleForServerName(below.rule, host);
      const others = [...state.streams.tcp.routers.values()].filter(
        (other) => (other.tls === 'none') === (tls === 'none'),
      );
      const priority = priorityOf(config, tcpPriority(rule, syntax));
      assertRuleFree({ name, rule, priority, entryPoints }, others, host);
      return;
    }
    case 'udp router': {
      const { entryPoints, name } = target.item;
      for (const other of state.streams.udp.routers.values()) {
        const shared = entryPoints.find((entryPoint) => other.entryPoints.includes(entryPoint));
        if (other.name === name || other.status === 'disabled' || isPaused(other) || shared === undefined) continue;
        throw new OperationError('CONFLICT', `${other.name} has the datagrams of ${shared} already.`, {
          reason: 'ENTRY_POINT_TAKEN',
          field: 'paused',
          router: other.name,
          entryPoint: shared,
        });
      }
      return;
    }
    case 'http service':
    case 'tcp service':
    case 'udp service':
      return;
    default:
      target satisfies never;
  }
}

interface Rival {
  readonly name: string;
  readonly rule: string;
  readonly priority: number;
  readonly entryPoints: readonly string[];
}

function assertRuleFree(
  wanted: Rival,
  others: readonly (Rival & Pick<RuntimeObject, 'status' | 'overridden'>)[],
  host: string | null,
): void {
  const rule = withoutSpace(wanted.rule);
  for (const other of others) {
    if (other.name === wanted.name || other.status === 'disabled' || isPaused(other)) continue;
    if (other.priority !== wanted.priority || withoutSpace(other.rule) !== rule) continue;
    const shared = wanted.entryPoints.find((entryPoint) => other.entryPoints.includes(entryPoint));
    // Routers below the same one are on no entry point of their own.
    const isBelow = wanted.entryPoints.length === 0 && other.entryPoints.length === 0;
    if (shared === undefined && !isBelow) continue;
    throw new OperationError(
      'CONFLICT',
      `${other.name} has the same rule and priority already${shared === undefined ? '' : ` on ${shared}`}.`,
      {
        reason: 'RULE_TAKEN',
        field: host === null ? 'paused' : 'host',
        router: other.name,
        rule: other.rule,
        entryPoint: shared ?? '',
      },
    );
  }
}

function withoutSpace(rule: string): string {
  return rule.replaceAll(/\s+/g, '');
}

/** As the runtime has it: Traefik takes 0 for "not set". */
function priorityOf({ priority = 0 }: { readonly priority?: number | undefined }, byDefault: number): number {
  return priority === 0 ? byDefault : priority;
}

function tcpPriority(rule: string, syntax: 'v2' | 'v3'): number {
  try {
    return defaultTcpPriority(rule, parseTcpRule(rule, syntax));
  } catch (error) {
    if (error instanceof RuleError) return 0;
    throw error;
  }
}
