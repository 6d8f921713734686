import { describe, expect, it } from 'vitest';
import { createTrustedPeers } from './client-address.ts';
import { setForwardingFields } from './forwarding.ts';
import { LiveRequest, type Peer } from './live-request.ts';

const facts = {
  ...{ hasBody: false, bodyBytes: null, closes: false, keepsAlive: false, switches: false },
  ...{ upgrade: '', forwardedFor: '', expectsContinue: false, expectation: '' },
};

function told(fields: readonly string[], trusted: boolean, authority = 'app.example.com'): LiveRequest {
  const peer = { address: '192.0.2.7', port: 40_000, tls: null, trusted, isKnownProxy: false } as Peer;
  const request = new LiveRequest('r1', 'web', 'HTTP/1.1', 'GET', peer);
  request.authority = authority;
  request.headers.raw.push(...fields);
  setForwardingFields(request, peer, facts, createTrustedPeers([]));
  return request;
}

describe('setForwardingFields', () => {
  it('tells the port that the visitor asked, by the scheme that a trusted proxy names', () => {
    expect(told(['X-Forwarded-Proto', 'https'], true).headers.getAll('x-forwarded-port')).toEqual(['443']);
    expect(told(['X-Forwarded-Proto', 'https'], true, 'app.example.com:8443').headers.get('x-forwarded-port')).toBe(
      '8443',
    );
    expect(told([], true).headers.get('x-forwarded-port')).toBe('80');
    expect(told([], false).headers.get('x-forwarded-port')).toBe('80');
  });

  it('keeps what a trusted proxy says, and adds what it left out', () => {
    const { headers } = told(['X-Forwarded-Proto', 'foo', 'X-Forwarded-Port', '1'], true);
    expect(headers.getAll('x-forwarded-proto')).toEqual(['foo']);
    expect(headers.getAll('x-forwarded-port')).toEqual(['1']);
    expect(headers.getAll('x-forwarded-host')).toEqual(['app.example.com']);
    expect(told([], true).headers.getAll('x-forwarded-proto')).toEqual(['http']);
  });
});
