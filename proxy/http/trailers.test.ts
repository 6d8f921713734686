import { describe, expect, it } from 'vitest';
import { takeFields, takeTrailers } from './canonical.ts';
import { LiveRequest, type Peer } from './live-request.ts';
import { requestReading } from './request-reading.ts';

const peer = { address: '192.0.2.7', port: 40_000, tls: null, trusted: false, isKnownProxy: false } as Peer;

function chunked(fields: readonly string[] = []): LiveRequest {
  const request = new LiveRequest('r1', 'web', 'HTTP/1.1', 'POST', peer);
  takeFields(request, ['Host', 'a', 'Transfer-Encoding', 'chunked', ...fields], peer, requestReading({}));
  return request;
}

describe('trailers of a request', () => {
  it('go to the server as they came', () => {
    const request = chunked();
    expect(request.trailers()).toEqual([]);
    expect(takeTrailers(request, ['X-Sum', '1', 'grpc-status', '0'])).toBeNull();
    expect(request.trailers()).toEqual(['X-Sum', '1', 'grpc-status', '0']);
  });

  it('are compared with as few removals as there were, however many names Connection has', () => {
    const names = Array.from({ length: 20_000 }, (_, n) => `x${n}`);
    const request = chunked(['X7', '1', 'Connection', `close, ${names.join()}`, 'Connection', 'x-more']);
    expect(request.headers.removals).toHaveLength(1);
    expect(request.headers.has('X7')).toBe(false);
    takeTrailers(request, ['X19999', '1', 'X-More', '1', 'X20000', '1']);
    expect(request.trailers()).toEqual(['X20000', '1']);
  });

  it('that would frame the request anew make it malformed', () => {
    expect(takeTrailers(chunked(), ['Content-Length', '3'])).toBe('the trailer content-length');
    expect(takeTrailers(chunked(), ['transfer-encoding', 'chunked'])).toBe('the trailer transfer-encoding');
  });

  it.each(['Host', 'X-Forwarded-For', 'X_Forwarded_For', 'X-Real-Ip', 'Authorization', 'Cookie', 'Connection', 'TE'])(
    'named %s stay here (CVE-2026-88004)',
    (name) => {
      const request = chunked();
      expect(takeTrailers(request, [name, 'x'])).toBeNull();
      expect(request.trailers()).toEqual([]);
    },
  );

  it('cannot bring in what the head has, what middlewares took away, or what Connection names', () => {
    const request = chunked(['X-Own', '1', 'Connection', 'x-named']);
    request.headers.set('X-Auth-User', 'berta');
    request.headers.deleteWhere((name) => name === 'x-auth-groups');
    request.headers.delete('X-Gone');
    takeTrailers(request, [
      'X-Own',
      '2',
      'x-auth-user',
      'root',
      'X-Auth-Groups',
      'admin',
      'X-Gone',
      '1',
      'X-Named',
      '1',
    ]);
    expect(request.trailers()).toEqual([]);
  });
});
