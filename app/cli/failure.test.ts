import { ORPCError } from '@orpc/client';
import { describe, expect, it } from 'vitest';
import { EngineNotRunningError } from '../operations/client.ts';
import { StoreError } from '../store/store-error.ts';
import { CommandError } from './command.ts';
import { explainFailure } from './failure.ts';

describe('explainFailure', () => {
  it('gives what happened and what to do', () => {
    expect(explainFailure(new EngineNotRunningError('/data'))).toEqual({
      message: 'Gatehouse is not running with the data folder /data.',
      next: 'Start it with "gatehouse serve", or name its data folder with --data-dir.',
    });
    expect(explainFailure(new StoreError('DISK_FULL', 'The disk is full.', 'Make room.'))).toEqual({
      message: 'The disk is full.',
      next: 'Make room.',
    });
    expect(explainFailure(new CommandError('No.', 'Try yes.'))).toEqual({ message: 'No.', next: 'Try yes.' });
    expect(explainFailure(Object.assign(new Error('connect EACCES'), { code: 'EACCES' }))?.next).toContain('sudo');
  });

  it('turns reasons of the engine into next steps', () => {
    const error = new ORPCError('CONFLICT', { message: 'The host is taken.', data: { reason: 'HOST_TAKEN' } });
    expect(explainFailure(error)).toEqual({ message: 'The host is taken.', next: 'Choose another one with --host.' });
  });

  it('leaves what nobody expected alone', () => {
    expect(explainFailure(new TypeError('x is not a function'))).toBeNull();
    expect(explainFailure('text')).toBeNull();
  });
});
