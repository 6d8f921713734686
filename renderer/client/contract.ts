import type { ContractRouterClient } from '@orpc/contract';
import type { Contract } from '../../app/contract/contract.ts';

/** The one client of the engine. Only types cross: the schemas stay out of the bundle. */
export type GatehouseClient = ContractRouterClient<Contract>;
