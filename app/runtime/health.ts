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
    if (latest !== null) checks.update(latest.services, latest.serversTransports);
  };

  return {
    current: () => health,
    update: (snapshot) => {
      latest = snapshot;
      if (checks !== null) checks.update(snapshot.services, snapshot.serversTransports);
      else if (!loading && Object.values(snapshot.services).some(isChecked)) {
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

function isChecked(service: RoutingSnapshot['services'][string]): boolean {
  return service.kind === 'loadBalancer' && service.healthCheck !== null;
}
