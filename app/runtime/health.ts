import type { RoutingSnapshot } from '../../proxy/model/snapshot.ts';
import type { HealthChecks } from '../../proxy/service/health-check.ts';
import type { Health } from './views.ts';

export interface HealthWatch {
  readonly current: () => Health;
  /** Checks what the snapshot asks to be checked, and nothing else. */
  readonly update: (snapshot: RoutingSnapshot) => void;
  readonly stop: () => void;
}

/** Health checks, loaded with the HTTP client they need when the first service asks for one. */
export function createHealthWatch(options: {
  readonly onChange: (health: Health) => void;
  readonly onError: (error: unknown) => void;
}): HealthWatch {
  let health: Health = { down: {}, reasons: {} };
  let checks: HealthChecks | null = null;
  let latest: RoutingSnapshot | null = null;
  let loading = false;
  let stopped = false;

  const load = async (): Promise<void> => {
    const { startHealthChecks } = await import('../../proxy/service/health-check.ts');
    if (stopped) return;
    checks = startHealthChecks({
      onChange: (down, reasons) => {
        health = { down, reasons };
        options.onChange(health);
      },
    });
    if (latest !== null) checks.update(latest.services, latest.serversTransports, latest.streams);
  };

  return {
    current: () => health,
    update: (snapshot) => {
      latest = snapshot;
      if (checks !== null) checks.update(snapshot.services, snapshot.serversTransports, snapshot.streams);
      else if (!loading && isAnyChecked(snapshot)) {
        loading = true;
        load().catch(options.onError);
      }
    },
    stop: () => {
      stopped = true;
      checks?.stop();
    },
  };
}

function isAnyChecked({ services, streams }: RoutingSnapshot): boolean {
  return [...Object.values(services), ...Object.values(streams?.tcpServices ?? {})].some(
    (service) => service.kind === 'loadBalancer' && service.healthCheck !== null,
  );
}
