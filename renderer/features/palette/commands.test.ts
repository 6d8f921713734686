import { describe, expect, it } from 'vitest';
import { type Command, find, rank } from './commands.ts';

const command = (text: string, group: Command['group'] = 'routers', hint = ''): Command => ({
  id: text,
  group,
  text,
  hint,
  run: () => undefined,
});

describe('rank', () => {
  it.each([
    ['photos@docker', 'pho', 0],
    ['my-photos@docker', 'pho', 1],
    ['telephoto', 'pho', 2],
    ['nothing', 'pho', null],
  ])('judges %s for %s', (text, needle, score) => {
    expect(rank({ text }, needle)).toBe(score);
  });

  it('looks into the hint, and takes words in any order', () => {
    expect(rank({ text: 'photos', hint: 'immich:v2' }, 'immich')).toBe(3);
    expect(rank({ text: 'Expose photos' }, 'photos expose')).toBe(4);
  });
});

describe('find', () => {
  it('puts the better match first, then pages before objects', () => {
    const all = [command('settings-api'), command('Settings', 'pages'), command('the settings')];
    expect(find(all, 'sett', 9).map((one) => one.text)).toEqual(['Settings', 'settings-api', 'the settings']);
  });

  it('keeps to the limit', () => {
    const all = Array.from({ length: 50 }, (_, index) => command(`a${index}`));
    expect(find(all, 'a', 8)).toHaveLength(8);
  });
});
