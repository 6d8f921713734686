import type { StreamSnapshot } from '../model/snapshot.ts';
import { createTurns } from './turns.ts';

/** Chooses the server of a session; null where there is none. */
export type UdpService = () => string | null;

export function createUdpServices(snapshot: StreamSnapshot): (name: string) => UdpService {
  const made = new Map<string, UdpService>();
  const serviceOf = (name: string): UdpService => {
    const known = made.get(name);
    if (known) return known;
    const service = snapshot.udpServices[name];
    if (!service) throw new Error(`The service ${name} does not exist`);
    const all = (): boolean => true;
    let built: UdpService;
    if (service.kind === 'weighted') {
      const turns = createTurns(
        service.services.map((child) => ({ target: serviceOf(child.name), weight: child.weight })),
      );
      built = () => turns.next(all)?.() ?? null;
    } else {
      const turns = createTurns(service.servers.map((target) => ({ target, weight: 1 })));
      built = () => turns.next(all);
    }
    made.set(name, built);
    return built;
  };
  return serviceOf;
}
