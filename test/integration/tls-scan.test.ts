import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { startGatehouse } from '../support/gatehouse.ts';
import { missingPeers } from '../support/peers.ts';

const missing = missingPeers({ sslscan: 'sslscan', openssl: 'openssl' });
if (missing !== null && process.env['CI']) throw new Error(missing);
const execute = promisify(execFile);

type Element = Readonly<Record<string, string>>;

/** Elements of this name by their attributes. No value that sslscan writes has a `>` in it. */
function elements(xml: string, name: string): readonly Element[] {
  return [...xml.matchAll(new RegExp(`<${name}\\b([^>]*)>`, 'g'))].map(([, attributes = '']) =>
    Object.fromEntries([...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value])),
  );
}

const isOn = (element: Element): boolean => Object.values(element).includes('1');

describe.skipIf(missing !== null)(`scanners of TLS${missing === null ? '' : ` (${missing})`}`, () => {
  test('find TLS 1.2 and 1.3 alone by default, with strong suites, and none of the known weaknesses', async () => {
    const gatehouse = await startGatehouse();
    try {
      const [, port = ''] = /websecure +\S+ +127\.0\.0\.1:(\d+)/.exec(gatehouse.output()) ?? [];
      const host = 'whoami.localhost';
      const { stdout: xml } = await execute('sslscan', ['--xml=-', `--sni-name=${host}`, `127.0.0.1:${port}`]);

      const spoken = elements(xml, 'protocol').filter(({ enabled }) => enabled === '1');
      expect(spoken.map(({ type, version }) => `${type} ${version}`)).toEqual(['tls 1.2', 'tls 1.3']);
      const refused = elements(xml, 'protocol').filter(({ enabled }) => enabled === '0');
      expect(refused.map(({ type, version }) => `${type} ${version}`)).toEqual([
        'ssl 2',
        'ssl 3',
        'tls 1.0',
        'tls 1.1',
      ]);

      const suites = elements(xml, 'cipher');
      expect(new Set(suites.map(({ sslversion }) => sslversion))).toEqual(new Set(['TLSv1.2', 'TLSv1.3']));
      for (const { cipher, bits, strength, sslversion } of suites) {
        // Forward secret and authenticated, by modern ciphers alone.
        expect(cipher).toMatch(sslversion === 'TLSv1.3' ? /^TLS_(AES|CHACHA20)_/ : /^ECDHE-\w+-(AES\d+-GCM|CHACHA20)-/);
        expect(['acceptable', 'strong']).toContain(strength);
        expect(Number(bits)).toBeGreaterThanOrEqual(128);
      }
      for (const { bits } of elements(xml, 'group')) expect(Number(bits)).toBeGreaterThanOrEqual(112);

      // No visitor may begin a handshake anew on a connection that is there.
      expect(elements(xml, 'renegotiation')).toEqual([{ supported: '0', secure: '0' }]);
      expect(elements(xml, 'heartbleed').map(({ vulnerable }) => vulnerable)).toEqual(['0', '0']);
      // Told only by a scanner whose own OpenSSL can compress.
      expect(elements(xml, 'compression').filter(isOn)).toEqual([]);
      expect(elements(xml, 'pk').map(({ error }) => error)).toEqual(['false']);
      expect(xml).toContain(`<altnames><![CDATA[DNS:${host}]]></altnames>`);

      const scan = execute('openssl', [
        's_client',
        '-tls1_2',
        '-comp',
        '-connect',
        `127.0.0.1:${port}`,
        '-servername',
        host,
      ]);
      scan.child.stdin?.end();
      const { stdout: seen } = await scan;
      expect(seen).toContain('Compression: NONE');
      expect(seen).toContain('Secure Renegotiation IS supported');
    } finally {
      await gatehouse.stop();
    }
  }, 120_000);
});
