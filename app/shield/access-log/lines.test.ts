import { describe, expect, test } from 'vitest';
import { LineBuffer } from '../../../proxy/access-log/line-buffer.ts';
import { createLineWriter } from '../../../proxy/access-log/line-writer.ts';
import type { LoggedFacts, RequestRecord } from '../../../proxy/model/request-record.ts';
import type { StaticConfiguration } from '../../config/static.ts';
import { type AccessLogSettings, accessLogSettings } from './settings.ts';

const record: RequestRecord = {
  id: '01ab',
  at: Date.UTC(2026, 10, 20, 7, 0, 0, 120),
  entryPoint: 'websecure',
  clientIp: '203.0.113.9',
  clientPort: 51_234,
  username: null,
  protocol: 'HTTP/2.0',
  scheme: 'https',
  method: 'GET',
  host: 'photos.example.org',
  target: '/albums?page=2',
  router: 'photos@docker',
  service: 'photos@docker',
  serverUrl: 'http://172.17.0.2:2342',
  middlewares: [],
  status: 200,
  originStatus: 200,
  requestBytes: 0,
  responseBytes: 512,
  durationMs: 12.5,
  originDurationMs: 10.25,
  userAgent: 'curl/8.0',
  referer: '',
  upgrade: null,
  tlsVersion: 'TLSv1.3',
  error: null,
};
const facts: LoggedFacts = {
  authority: 'photos.example.org:8443',
  originBytes: 2048,
  tlsCipher: 'TLS_AES_128_GCM_SHA256',
};

type Asked = NonNullable<StaticConfiguration['accessLog']>;
const settings = (asked: Asked | undefined): AccessLogSettings => {
  const made = accessLogSettings(asked, '/data');
  if (made === null) throw new Error('there is no access log');
  return made;
};
const line = (
  asked: Asked | undefined,
  change: Partial<RequestRecord> = {},
  more: Partial<LoggedFacts> = {},
): string => {
  const writer = createLineWriter(settings(asked).lines);
  const lines = new LineBuffer();
  writer.write(lines, { ...record, ...change }, { ...facts, ...more }, 7);
  const first = Buffer.from(lines.take()).toString();
  // What is kept of one request does not show in another's line.
  writer.write(lines, record, facts, 6);
  lines.take();
  writer.write(lines, { ...record, ...change }, { ...facts, ...more }, 7);
  expect(Buffer.from(lines.take()).toString()).toBe(first);
  return first;
};
const json = (asked: Asked, change: Partial<RequestRecord> = {}, more: Partial<LoggedFacts> = {}) =>
  JSON.parse(line({ format: 'json', ...asked }, change, more)) as Record<string, unknown>;

describe('JSON', () => {
  test('has the names and forms of Traefik, in the order in which Go writes them', () => {
    const value = json({ fields: { headers: { names: { 'user-agent': 'keep' } } } });
    expect(Object.keys(value)).toEqual(Object.keys(value).toSorted());
    expect(value).toMatchObject({
      ClientAddr: '203.0.113.9:51234',
      ClientHost: '203.0.113.9',
      ClientPort: '51234',
      ClientUsername: '-',
      DownstreamContentSize: 512,
      DownstreamStatus: 200,
      Duration: 12_500_000,
      GzipRatio: 4,
      OriginContentSize: 2048,
      OriginDuration: 10_250_000,
      OriginStatus: 200,
      Overhead: 2_250_000,
      RequestAddr: 'photos.example.org:8443',
      RequestContentSize: 0,
      RequestCount: 7,
      RequestHost: 'photos.example.org',
      RequestMethod: 'GET',
      RequestPath: '/albums?page=2',
      RequestPort: '8443',
      RequestProtocol: 'HTTP/2.0',
      RequestScheme: 'https',
      RetryAttempts: 0,
      RouterName: 'photos@docker',
      ServiceAddr: '172.17.0.2:2342',
      ServiceName: 'photos@docker',
      ServiceURL: 'http://172.17.0.2:2342',
      StartUTC: '2026-11-20T07:00:00.12Z',
      TLSCipher: 'TLS_AES_128_GCM_SHA256',
      TLSVersion: '1.3',
      entryPointName: 'websecure',
      level: 'info',
      msg: '',
      'request_User-Agent': 'curl/8.0',
    });
    expect(value['StartLocal']).toMatch(/^2026-11-\d\dT\d\d:\d\d:00\.12(?:Z|[+-]\d\d:\d\d)$/);
    expect(value['time']).toMatch(/^2026-11-\d\dT\d\d:\d\d:00(?:Z|[+-]\d\d:\d\d)$/);
  });

  test('leaves out what no router or server had part in', () => {
    const value = json(
      {},
      { router: null, service: null, serverUrl: null, originStatus: null, status: 404 },
      { authority: '' },
    );
    for (const name of ['RouterName', 'ServiceName', 'ServiceURL', 'ServiceAddr', 'RequestHost', 'RequestAddr']) {
      expect(value).not.toHaveProperty(name);
    }
    expect(value).toMatchObject({ OriginStatus: 0, DownstreamStatus: 404 });
  });

  test('addresses of IPv6 and hosts without a port are split as Go splits them', () => {
    expect(json({}, { clientIp: '2001:db8::1' }, { authority: '[::1]:80' })).toMatchObject({
      ClientAddr: '[2001:db8::1]:51234',
      ClientHost: '2001:db8::1',
      RequestHost: '::1',
      RequestPort: '80',
    });
    expect(json({}, {}, { authority: 'a.example' })).toMatchObject({ RequestHost: 'a.example', RequestPort: '-' });
  });

  test('behind a trusted proxy ClientAddr stays the peer', () => {
    expect(json({}, {}, { peerIp: '10.0.0.2' })).toMatchObject({
      ClientAddr: '10.0.0.2:51234',
      ClientHost: '203.0.113.9',
    });
  });

  test('fields and header fields are kept, dropped and redacted by name in any case', () => {
    const value = json(
      {
        fields: {
          defaultMode: 'drop',
          names: { clienthost: 'keep', RouterName: 'keep' },
          headers: { defaultMode: 'keep', names: { Referer: 'redact', 'USER-AGENT': 'drop' } },
          queryParameters: { defaultMode: 'drop' },
        },
      },
      { referer: 'https://a/?token=1' },
      { downstreamFields: ['Content-Type', 'text/html'], requestFields: ['Accept', 'a', 'Zeta', 'z'] },
    );
    expect(Object.keys(value)).toEqual([
      'ClientHost',
      'RouterName',
      'downstream_Content-Type',
      'level',
      'msg',
      'request_Accept',
      'request_Referer',
      'request_Zeta',
      'time',
    ]);
    expect(value['request_Referer']).toBe('REDACTED');
    expect(json({ fields: { queryParameters: { defaultMode: 'drop' } } })).toMatchObject({ RequestPath: '/albums' });
  });
});

describe('common', () => {
  const keepAgent: Asked = { fields: { headers: { names: { 'User-Agent': 'keep', Referer: 'keep' } } } };

  test('is the Common Log Format with what Traefik adds', () => {
    expect(line(keepAgent, { username: 'anna', referer: 'https://a/' })).toBe(
      '203.0.113.9 - anna [20/Nov/2026:07:00:00 +0000] "GET /albums?page=2 HTTP/2.0" 200 512 "https://a/" "curl/8.0" 7 "photos@docker" "http://172.17.0.2:2342" 12ms\n',
    );
  });

  test('has dashes where nothing is known, and header fields only where they are asked for', () => {
    expect(line({}, { router: null, service: null, serverUrl: null, status: 404 })).toBe(
      '203.0.113.9 - - [20/Nov/2026:07:00:00 +0000] "GET /albums?page=2 HTTP/2.0" 404 512 "-" "-" 7 "-" "-" 12ms\n',
    );
  });

  test('genericCLF ends with the browser', () => {
    expect(line({ ...keepAgent, format: 'genericCLF' })).toBe(
      '203.0.113.9 - - [20/Nov/2026:07:00:00 +0000] "GET /albums?page=2 HTTP/2.0" 200 512 "-" "curl/8.0"\n',
    );
  });

  test('a field that is dropped is a dash', () => {
    expect(line({ fields: { names: { ClientUsername: 'drop', RouterName: 'drop' } } }, { username: 'anna' })).toContain(
      '203.0.113.9 - - [20',
    );
  });
});

describe('no visitor can forge a line', () => {
  const forged = '127.0.0.1 - - [20/Nov/2026:07:00:00 +0000] "GET / HTTP/1.1" 401';
  const tricks = [
    `\n${forged}`,
    `\r\n${forged}`,
    `" 401 0 "-" "-" 1 "-" "-" 0ms\n${forged}`,
    '\u001b[2K\u001b[1A',
    '\u009b2J',
    '\u2028line\u2029paragraph\u0085next',
    '\u202eevil\u2066',
    '\u00a0nbsp\u3000wide\u200bzero',
    'end\\',
    '\\" \\\\"',
    'a\0b\u007f',
    '\ud800 half',
    '</script><!--',
  ];
  const latin1 = (text: string): string => Buffer.from(text.toWellFormed(), 'utf8').toString('latin1');

  test.each(tricks)('%j', (trick) => {
    const change = {
      userAgent: latin1(trick),
      referer: latin1(trick),
      username: trick,
      target: `/${trick}`,
      method: trick,
    };
    const all: Asked = { fields: { headers: { defaultMode: 'keep' } } };
    const inJson = line({ ...all, format: 'json' }, change);
    for (const text of [inJson, line(all, change), line({ ...all, format: 'genericCLF' }, change)]) {
      expect(text.endsWith('\n')).toBe(true);
      // One line, and on it nothing that is unseen, moves the cursor or turns the reading around.
      expect(text.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      expect(text.slice(0, -1)).not.toMatch(/(?! )\p{Zs}/u);
    }
    // What is read back is what was sent.
    expect(JSON.parse(inJson)).toMatchObject({ 'request_User-Agent': trick.toWellFormed() });
    // Seven spaces stand before the status, whatever a visitor calls itself.
    expect(line(all, change)).toMatch(
      /^203\.0\.113\.9 - \S+ \[20\/Nov\/2026:07:00:00 \+0000\] "[^\s"]+ [^\s"]+ HTTP\/2\.0" 200 512 "/,
    );
  });

  test('bytes that are no UTF-8 become the replacement character, as in Go', () => {
    expect(json({ fields: { headers: { defaultMode: 'keep' } } }, { userAgent: 'a\u00ffb' })).toMatchObject({
      'request_User-Agent': 'a\ufffdb',
    });
  });

  test('a user whose name is a dash, or looks encoded, is told from none', () => {
    expect(line({}, { username: '-' })).toContain('- %2D [');
    expect(line({}, { username: 'a%20b' })).toContain('- a%2520b [');
    expect(line({}, { username: 'jörg' })).toContain('- jörg [');
  });

  test('quotes in JSON stay within their string', () => {
    const text = line(
      { format: 'json', fields: { headers: { defaultMode: 'keep' } } },
      { userAgent: '","ClientHost":"127.0.0.1' },
    );
    expect(text.match(/"ClientHost":"/g)).toHaveLength(1);
  });
});

describe('filters', () => {
  const keeps = (filters: Asked['filters'], change: Partial<RequestRecord>) =>
    createLineWriter(settings(filters === undefined ? {} : { filters }).lines).wants({
      ...record,
      durationMs: 5,
      ...change,
    });

  test('any of them lets a request through; none lets all', () => {
    expect(keeps(undefined, {})).toBe(true);
    expect(keeps({}, {})).toBe(true);
    const filters = { statusCodes: ['404', '500-599'], retryAttempts: true, minDuration: '10ms' };
    expect(keeps(filters, {})).toBe(false);
    expect(keeps(filters, { status: 404 })).toBe(true);
    expect(keeps(filters, { status: 503 })).toBe(true);
    expect(keeps(filters, { retryAttempts: 1 })).toBe(true);
    expect(keeps(filters, { durationMs: 11 })).toBe(true);
  });

  test('a path of nothing turns the log off', () => {
    expect(accessLogSettings({ filePath: '/dev/null' }, '/data')).toBeNull();
    expect(settings(undefined)).toMatchObject({ filePath: '/data/access.log', lines: { format: 'json' } });
  });
});
