import { expect, it } from 'vitest';
import type { MetricsCount } from '../../proxy/model/metrics.ts';
import { makeCertificate } from '../../test/support/certificates.ts';
import { createMetricsRegistry } from './registry.ts';

const options = {
  buckets: [0.1, 5],
  byEntryPoint: true,
  byRouter: true,
  byService: true,
  headerLabels: { agent: 'User-Agent' },
  internals: false,
};

const count: MetricsCount = {
  entryPoint: 'web',
  router: 'a@file',
  service: 'a@file',
  isServed: true,
  code: 200,
  method: 'GET',
  protocol: 'http',
  tls: { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' },
  headers: ['x'],
  requests: 3,
  retries: 1,
  requestBytes: 5,
  responseBytes: 7,
  durationSeconds: 1.5,
  buckets: [1, 1, 1],
};

const served = (...names: readonly string[]) => ({
  routers: names.map((name) => ({ name })) as never,
  services: Object.fromEntries(names.map((name) => [name, { kind: 'whoami' } as const])),
});

const linesOf = (text: string, name: string): string[] => text.split('\n').filter((line) => line.startsWith(name));

it('shows Traefik’s families, by entry point, router and service', async () => {
  const registry = createMetricsRegistry(options, {
    servers: () => [{ service: 'a@file', url: 'http://10.0.0.1', isUp: false }],
    certificates: () => [certificate, { id: 'broken', certificatePem: 'none' }],
  });
  const certificate = await makeCertificate(['a.test', 'b.test']);
  registry.configured(served('a@file'), 5000);
  registry.add(0, { type: 'metrics', counts: [count], connections: { web: 2 } });
  registry.add(1, { type: 'metrics', counts: [count], connections: { web: 3 } });
  const text = registry.text();
  expect(linesOf(text, 'traefik_')).toEqual(
    expect.arrayContaining([
      'traefik_config_reloads_total 1',
      'traefik_config_last_reload_success 5',
      'traefik_open_connections{entrypoint="web",protocol="TCP"} 5',
      'traefik_entrypoint_requests_total{agent="x",code="200",entrypoint="web",method="GET",protocol="http"} 6',
      'traefik_entrypoint_requests_tls_total{entrypoint="web",tls_cipher="TLS_AES_128_GCM_SHA256",tls_version="1.3"} 6',
      'traefik_router_request_duration_seconds_bucket{code="200",le="0.1",method="GET",protocol="http",router="a@file",service="a@file"} 2',
      'traefik_router_request_duration_seconds_bucket{code="200",le="+Inf",method="GET",protocol="http",router="a@file",service="a@file"} 6',
      'traefik_router_request_duration_seconds_sum{code="200",method="GET",protocol="http",router="a@file",service="a@file"} 3',
      'traefik_service_retries_total{service="a@file"} 2',
      'traefik_service_server_up{service="a@file",url="http://10.0.0.1"} 0',
    ]),
  );
  expect(linesOf(text, 'traefik_tls_certs_not_after')).toEqual([
    expect.stringMatching(/\{cn="[^"]*",sans="a\.test,b\.test",serial="\d+"\} \d{10}$/),
  ]);

  registry.forgetWorker(1);
  expect(registry.text()).toContain('traefik_open_connections{entrypoint="web",protocol="TCP"} 2\n');
  // What is no longer configured is forgotten; the entry point's counts stay.
  registry.configured(served('b@file'), 9000);
  const after = registry.text();
  expect(after).toContain('traefik_config_reloads_total 2\n');
  expect(after).not.toContain('a@file",code');
  expect(linesOf(after, 'traefik_router_requests_total')).toEqual([]);
  expect(linesOf(after, 'traefik_service_retries_total')).toEqual([]);
  expect(linesOf(after, 'traefik_entrypoint_requests_total')).toHaveLength(1);
});

it('writes no label that could end its line, and bounds what visitors choose', () => {
  const registry = createMetricsRegistry(options, { servers: () => [], certificates: () => [] });
  registry.add(0, { type: 'metrics', counts: [{ ...count, headers: ['a"} 9\nb\\'] }], connections: {} });
  expect(registry.text()).toContain(String.raw`agent="a\"} 9\nb\\",code`);
  for (let from = 0; from < 21_000; from += 1000) {
    const counts = Array.from({ length: 1000 }, (_, i) => ({ ...count, headers: [`v${from + i}`] }));
    registry.add(0, { type: 'metrics', counts, connections: {} });
  }
  expect(linesOf(registry.text(), 'traefik_entrypoint_requests_total').length).toBeLessThanOrEqual(20_001);
});
