import { describe, expect, it } from 'vitest';
import { logLine } from './log-lines.ts';

const at = new Date('2026-03-04T05:06:07.890Z');

describe('logLine', () => {
  const entry = {
    level: 'error',
    message: 'cannot connect',
    details: { providerName: 'docker', error: new Error('no such file'), count: 2 },
  } as const;

  it('writes Traefik’s common format: time, level, message, and the details by name', () => {
    expect(logLine(entry, 'common', at)).toBe(
      '2026-03-04T05:06:07Z ERR cannot connect count=2 error="no such file" providerName=docker\n',
    );
  });

  it('writes JSON with Traefik’s names', () => {
    const line = logLine(entry, 'json', at);
    expect(JSON.parse(line)).toEqual({
      level: 'error',
      providerName: 'docker',
      error: 'no such file',
      count: 2,
      time: '2026-03-04T05:06:07Z',
      message: 'cannot connect',
    });
    expect(line.endsWith('}\n')).toBe(true);
  });

  it('keeps what others wrote on its line', () => {
    const forged = { level: 'warn', message: 'a\nb', details: { path: 'x\n2026 ERR forged' } } as const;
    for (const format of ['common', 'json'] as const) {
      expect(logLine(forged, format, at).trimEnd().split('\n')).toHaveLength(1);
    }
  });

  it('holds nothing that a terminal would act on', () => {
    const text = 'a\u001b]0;x\u0007\u009b2J\u202eb\r\u007f';
    for (const format of ['common', 'json'] as const) {
      const line = logLine({ level: 'warn', message: text, details: { path: text, deep: { text } } }, format, at);
      expect(line.trimEnd()).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    }
    const line = logLine({ level: 'warn', message: text, details: { path: text } }, 'json', at);
    expect(JSON.parse(line)).toMatchObject({ message: text, path: text });
  });

  it('lets no detail take the place of the level, the time or the message', () => {
    const line = logLine({ level: 'info', message: 'true', details: { message: 'false', time: 'never' } }, 'json', at);
    expect(JSON.parse(line)).toMatchObject({ level: 'info', message: 'true', time: '2026-03-04T05:06:07Z' });
  });
});
