import { access } from './access.ts';
import { certificates, dnsProviders, resolvers } from './certificates.ts';
import { changes } from './changes.ts';
import { events } from './events.ts';
import { explain } from './explain-operation.ts';
import { exposures } from './exposures.ts';
import { operations } from './implementer.ts';
import { overrides } from './overrides.ts';
import {
  certificateAuthority,
  containers,
  middlewares,
  requests,
  routers,
  services,
  snapshot,
  status,
  traffic,
} from './reading.ts';
import { settings } from './settings.ts';

/** Every operation of the contract with its handler; the compiler knows when one is missing. */
export const router = operations.router({
  snapshot,
  events,
  status,
  containers,
  routers,
  services,
  middlewares,
  exposures,
  overrides,
  changes,
  requests,
  traffic,
  explain,
  settings,
  certificates,
  resolvers,
  dnsProviders,
  certificateAuthority,
  access,
});
