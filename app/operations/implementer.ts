import { implement } from '@orpc/server';
import { contract } from '../contract/contract.ts';
import type { OperationContext } from './caller.ts';

/** The contract, waiting for its handlers. */
export const operations = implement(contract).$context<OperationContext>();
