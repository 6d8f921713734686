import { durationMs } from '../model/duration.ts';
import type { HealthCheckConfig, ServersTransportConfig } from '../model/dynamic.ts';
import type { DownServers, ServiceSnapshot } from '../model/snapshot.ts';
import { probe } from './probe.ts';
import { createProbeAgent, type ProbeAgent } from './probe-agent.ts';

/** Why servers are down, in words: service → URL → reason. */
export type DownReasons = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface HealthCheckOptions {
  /** Called whenever a server's state or its reason has changed, with all that are down. */
  readonly onChange: (down: DownServers, reasons: DownReasons) => void;
}

export interface HealthChecks {
  /** Replaces what is checked. Servers that are checked in the same way as before keep their state and their turn. */
  update(
    services: Readonly<Record<string, ServiceSnapshot>>,
    transports: Readonly<Record<string, ServersTransportConfig>>,
  ): void;
  /** Ends all checks; `onChange` is not called any more. */
  stop(): void;
}

const defaultIntervalMs = 30_000;
const defaultTimeoutMs = 5000;

/** Asks servers regularly whether they are well. A server counts as up until a check has failed; the first is at once. */
export function startHealthChecks(options: HealthCheckOptions): HealthChecks {
  let checks = new Map<string, ServerCheck>();
  let reported = '{}';

  function report(): void {
    const down: Record<string, string[]> = {};
    const reasons: Record<string, Record<string, string>> = {};
    for (const { service, url, reason } of checks.values()) {
      if (reason === null) continue;
      (down[service] ??= []).push(url);
      (reasons[service] ??= {})[url] = reason;
    }
    const text = JSON.stringify(reasons);
    if (text === reported) return;
    reported = text;
    options.onChange(down, reasons);
  }

  return {
    update(services, transports) {
      const next = new Map<string, ServerCheck>();
      for (const [name, service] of Object.entries(services)) {
        if (service.kind !== 'loadBalancer' || service.healthCheck === null) continue;
        const transport = service.serversTransport === null ? undefined : transports[service.serversTransport];
        for (const { url } of service.servers) {
          const key = JSON.stringify([name, url, service.healthCheck, transport ?? null]);
          next.set(key, checks.get(key) ?? new ServerCheck(name, url, service.healthCheck, transport, report));
        }
      }
      const before = checks;
      checks = next;
      for (const [key, check] of before) if (!next.has(key)) check.stop();
      for (const [key, check] of next) if (!before.has(key)) check.start();
      report();
    },
    stop() {
      for (const check of checks.values()) check.stop();
      checks = new Map();
    },
  };
}

/** The checks of one server of one service. */
class ServerCheck {
  readonly service: string;
  readonly url: string;
  /** Why it is down; null while it is up. */
  reason: string | null = null;
  readonly #config: HealthCheckConfig;
  readonly #transport: ServersTransportConfig | undefined;
  readonly #onResult: () => void;
  readonly #stopped = new AbortController();
  #agent: ProbeAgent | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    service: string,
    url: string,
    config: HealthCheckConfig,
    transport: ServersTransportConfig | undefined,
    onResult: () => void,
  ) {
    this.service = service;
    this.url = url;
    this.#config = config;
    this.#transport = transport;
    this.#onResult = onResult;
  }

  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#stopped.abort();
    if (this.#timer) clearTimeout(this.#timer);
    this.#agent?.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    const reason = await this.#ask(signal);
    if (signal.aborted) return;
    this.reason = reason;
    this.#timer = setTimeout(() => void this.#run(), this.#waitMs(reason !== null));
    this.#onResult();
  }

  async #ask(signal: AbortSignal): Promise<string | null> {
    const timeoutMs = durationMs(this.#config.timeout, defaultTimeoutMs) || defaultTimeoutMs;
    try {
      this.#agent ??= createProbeAgent(this.#transport);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    return probe(this.url, this.#config, { agent: this.#agent, timeoutMs, signal });
  }

  #waitMs(isDown: boolean): number {
    const intervalMs = durationMs(this.#config.interval, defaultIntervalMs) || defaultIntervalMs;
    if (!isDown || this.#config.unhealthyInterval === undefined) return intervalMs;
    return durationMs(this.#config.unhealthyInterval, intervalMs) || defaultIntervalMs;
  }
}
