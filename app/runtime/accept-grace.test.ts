import { describe, expect, it } from 'vitest';
import { keepAccepting } from './accept-grace.ts';

function rig(entryPoints: Parameters<typeof keepAccepting>[0]['entryPoints']) {
  const steps: string[] = [];
  return {
    steps,
    done: keepAccepting({
      entryPoints,
      pool: { unlisten: (names, graceMs) => steps.push(`close ${names.join(' ')} ${graceMs}`) },
      tellPing: () => steps.push('ping'),
      wait: (ms) => {
        steps.push(`wait ${ms}`);
        return Promise.resolve();
      },
    }),
  };
}

describe('keepAccepting', () => {
  it('does nothing where nobody asks for it', async () => {
    const { steps, done } = rig([{ name: 'web' }, { name: 'websecure', graceMs: 5 }]);
    await done;
    expect(steps).toEqual([]);
  });

  it('lets each entry point take requests for its own time, and says so at ping first', async () => {
    const { steps, done } = rig([
      { name: 'slow', acceptGraceMs: 9000 },
      { name: 'web', graceMs: 3000 },
      { name: 'quick', acceptGraceMs: 2000 },
    ]);
    await done;
    expect(steps).toEqual(['ping', 'close web 3000', 'wait 2000', 'close quick 10000', 'wait 7000']);
  });
});
