import { UpstreamPools } from '../http/pools.ts';
import { createUpstream, type UpstreamAnswer, type UpstreamQuestion } from '../http/upstream.ts';
import type { ServersTransportConfig } from '../model/dynamic.ts';

/** Asks one server on HTTP/1, each time on a connection of its own, so that it sees what a new client would see. */
export interface ProbeAgent {
  ask(url: URL, question: UpstreamQuestion): Promise<UpstreamAnswer>;
  /** Breaks off what is under way. May be called twice. */
  close(): void;
}

/** `ask` rejects with a readable Error where a certificate file cannot be read. */
export function createProbeAgent(config: ServersTransportConfig | undefined): ProbeAgent {
  const pools = new UpstreamPools({ closesEach: true });
  const transport = { ...config, disableHTTP2: true };
  return {
    ask: async (url, question) => createUpstream(url.href, transport, pools, () => undefined, true).ask(question),
    close: () => pools.destroy(),
  };
}
