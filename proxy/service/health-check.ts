import { durationMs } from '../model/duration.ts';
import type { HealthCheckConfig, ServersTransportConfig } from '../model/dynamic.ts';
import type { DownServers, ServiceSnapshot, StreamSnapshot } from '../model/snapshot.ts';
import type { TcpHealthCheckConfig, TcpServersTransportConfig } from '../model/stream.ts';
import { createDialer } from '../stream/dial.ts';
import { probeTcp } from '../stream/probe.ts';
import { probe } from './probe.ts';
import { createProbeAgent } from './probe-agent.ts';

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
    streams?: StreamSnapshot,
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
    update(services, transports, streams) {
      const next = new Map<string, ServerCheck>();
      for (const [name, service] of Object.entries(services)) {
        if (service.kind !== 'loadBalancer' || service.healthCheck === null) continue;
        const transport = service.serversTransport === null ? undefined : transports[service.serversTransport];
        for (const { url } of service.servers) {
          const { healthCheck } = service;
          const key = JSON.stringify([name, url, healthCheck, transport ?? null]);
          const ask = (): Ask => askByHttp(url, healthCheck, transport);
          next.set(key, checks.get(key) ?? new ServerCheck(name, url, healthCheck, ask, report));
        }
      }
      for (const [name, service] of Object.entries(streams?.tcpServices ?? {})) {
        if (service.kind !== 'loadBalancer' || service.healthCheck === null) continue;
        const { healthCheck, serversTransport } = service;
        const transport = serversTransport === null ? undefined : streams?.tcpServersTransports[serversTransport];
        for (const server of service.servers) {
          const key = JSON.stringify(['tcp', name, server, healthCheck, transport ?? null]);
          const ask = (): Ask => askByTcp(server, healthCheck, transport);
          next.set(key, checks.get(key) ?? new ServerCheck(`tcp ${name}`, server.address, healthCheck, ask, report));
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

/** Asks once; null: the server is well, otherwise why not. */
interface Ask {
  readonly once: (timeoutMs: number, signal: AbortSignal) => Promise<string | null>;
  readonly close: () => void;
}

function askByHttp(url: string, config: HealthCheckConfig, transport: ServersTransportConfig | undefined): Ask {
  const agent = createProbeAgent(transport);
  return {
    once: (timeoutMs, signal) => probe(url, config, { agent, transport, timeoutMs, signal }),
    close: () => agent.close(),
  };
}

function askByTcp(
  server: { readonly address: string; readonly tls: boolean },
  config: TcpHealthCheckConfig,
  transport: TcpServersTransportConfig | undefined,
): Ask {
  const dialer = createDialer(transport);
  return {
    once: (timeoutMs, signal) => probeTcp(server, config, { dialer, timeoutMs, signal }),
    close: () => undefined,
  };
}

/** The checks of one server of one service. */
class ServerCheck {
  readonly service: string;
  readonly url: string;
  /** Why it is down; null while it is up. */
  reason: string | null = null;
  readonly #config: Pick<HealthCheckConfig, 'interval' | 'unhealthyInterval' | 'timeout'>;
  readonly #open: () => Ask;
  readonly #onResult: () => void;
  readonly #stopped = new AbortController();
  #ask: Ask | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** `open` may throw a readable Error: then the server counts as down for that reason. */
  constructor(
    service: string,
    url: string,
    config: Pick<HealthCheckConfig, 'interval' | 'unhealthyInterval' | 'timeout'>,
    open: () => Ask,
    onResult: () => void,
  ) {
    this.service = service;
    this.url = url;
    this.#config = config;
    this.#open = open;
    this.#onResult = onResult;
  }

  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#stopped.abort();
    if (this.#timer) clearTimeout(this.#timer);
    this.#ask?.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    const reason = await this.#once(signal);
    if (signal.aborted) return;
    this.reason = reason;
    this.#timer = setTimeout(() => void this.#run(), this.#waitMs(reason !== null));
    this.#onResult();
  }

  async #once(signal: AbortSignal): Promise<string | null> {
    const timeoutMs = durationMs(this.#config.timeout, defaultTimeoutMs) || defaultTimeoutMs;
    try {
      this.#ask ??= this.#open();
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    return this.#ask.once(timeoutMs, signal);
  }

  #waitMs(isDown: boolean): number {
    const intervalMs = durationMs(this.#config.interval, defaultIntervalMs) || defaultIntervalMs;
    if (!isDown || this.#config.unhealthyInterval === undefined) return intervalMs;
    return durationMs(this.#config.unhealthyInterval, intervalMs) || defaultIntervalMs;
  }
}
