import { describe, expect, test } from 'vitest';
import type { ServerEdit } from '../contract/objects.ts';
import { haveServersChanged, matchServers } from './override-servers.ts';

const edit = (server: string, over: Partial<ServerEdit> = {}): ServerEdit => ({
  server,
  address: null,
  weight: null,
  paused: false,
  ...over,
});
const addresses = (...args: Parameters<typeof matchServers>) =>
  matchServers(...args).map(({ server, edit: found }) => (found === undefined ? server : (found.address ?? 'edited')));

describe('an edited server', () => {
  const moved = edit('http://10.0.0.5:80', { address: 'https://10.0.0.5:8443' });

  test('is found by its address', () => {
    const servers = ['http://10.0.0.5:80', 'http://10.0.0.6:80'];
    expect(addresses(servers, [moved], servers, 'file')).toEqual(['https://10.0.0.5:8443', 'http://10.0.0.6:80']);
  });

  test('follows a container to its new address, as far as nobody edited that', () => {
    expect(addresses(['http://172.18.0.9:80'], [moved], ['http://10.0.0.5:80'], 'docker')).toEqual([
      'https://172.18.0.9:8443',
    ]);
    const elsewhere = edit('http://10.0.0.5:80', { address: 'http://nas.lan:80' });
    expect(addresses(['http://172.18.0.9:81'], [elsewhere], ['http://10.0.0.5:80'], 'docker')).toEqual([
      'http://nas.lan:81',
    ]);
  });

  test('is the one at the same place of an equally long list', () => {
    const seen = ['10.0.0.1:53', '10.0.0.2:53'];
    const second = edit('10.0.0.2:53', { address: '10.0.0.2:5353' });
    expect(addresses(['10.0.0.1:53', '10.0.0.3:53'], [second], seen, 'file')).toEqual(['10.0.0.1:53', '10.0.0.3:5353']);
    // Which of three it was cannot be told.
    expect(addresses(['10.0.0.7:53', '10.0.0.8:53', '10.0.0.9:53'], [second], seen, 'file')).toEqual([
      '10.0.0.7:53',
      '10.0.0.8:53',
      '10.0.0.9:53',
    ]);
  });

  test('stands for all containers of a service that had one', () => {
    const servers = ['http://172.18.0.9:80', 'http://172.18.0.10:80'];
    expect(addresses(servers, [moved], ['http://10.0.0.5:80'], 'docker')).toEqual([
      'https://172.18.0.9:8443',
      'https://172.18.0.10:8443',
    ]);
    expect(addresses(servers, [moved], ['http://10.0.0.5:80'], 'file')).toEqual(servers);
  });

  test('IPv6 keeps its brackets', () => {
    const six = edit('http://[fd00::5]:80', { address: 'http://[fd00::5]:8080' });
    expect(addresses(['http://[fd00::6]:80'], [six], ['http://[fd00::5]:80'], 'docker')).toEqual([
      'http://[fd00::6]:8080',
    ]);
  });
});

test.each([
  [['a:1'], 'file', false],
  [['b:1'], 'file', true],
  [['b:1'], 'docker', false],
  [['b:1', 'c:1'], 'docker', false],
  [[], 'file', true],
])('with the servers %j of %s, labels or files have changed: %s', (servers, provider, changed) => {
  expect(haveServersChanged(servers, [edit('a:1', { paused: true })], ['a:1'], provider)).toBe(changed);
});
