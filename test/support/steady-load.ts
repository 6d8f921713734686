import { Agent, get } from 'node:http';

export interface LoadAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface Lane {
  /** All answers were whole and as they had to be. */
  served: number;
  /** What went wrong, in words. */
  readonly faults: string[];
}

export interface SteadyLoad {
  /** Each uses one connection for as long as it lasts. */
  readonly kept: readonly Lane[];
  /** Each uses a new connection for every request. */
  readonly fresh: readonly Lane[];
  readonly served: () => number;
  readonly faults: () => readonly string[];
  readonly stop: () => Promise<void>;
}

export interface SteadyLoadOptions {
  readonly port: number;
  readonly host?: string;
  readonly kept: number;
  readonly fresh: number;
  /** What is wrong with an answer; null: nothing. */
  readonly judge: (answer: LoadAnswer) => string | null;
}

/** Clients that ask again as soon as they were answered, until they are told to stop. */
export function startSteadyLoad({ port, host = 'localhost', kept, fresh, judge }: SteadyLoadOptions): SteadyLoad {
  let isOver = false;
  const agents: Agent[] = [];
  const lane = (isKept: boolean): { readonly lane: Lane; readonly done: Promise<void> } => {
    const own: Lane = { served: 0, faults: [] };
    const agent = isKept ? new Agent({ keepAlive: true, maxSockets: 1 }) : new Agent({ keepAlive: false });
    agents.push(agent);
    const run = async (): Promise<void> => {
      while (!isOver) {
        try {
          const fault = judge(await ask(port, host, agent));
          if (fault === null) own.served += 1;
          else own.faults.push(fault);
        } catch (error) {
          own.faults.push((error as NodeJS.ErrnoException).code ?? String(error));
        }
        // So that the load leaves time to whatever else is tested, in the same process too.
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    return { lane: own, done: run() };
  };
  const lanes = (count: number, isKept: boolean) => Array.from({ length: count }, () => lane(isKept));
  const all = { kept: lanes(kept, true), fresh: lanes(fresh, false) };
  const both = [...all.kept, ...all.fresh];
  return {
    kept: all.kept.map((each) => each.lane),
    fresh: all.fresh.map((each) => each.lane),
    served: () => both.reduce((sum, each) => sum + each.lane.served, 0),
    faults: () => both.flatMap((each) => each.lane.faults),
    async stop() {
      isOver = true;
      await Promise.all(both.map((each) => each.done));
      for (const agent of agents) agent.destroy();
    },
  };
}

function ask(port: number, host: string, agent: Agent): Promise<LoadAnswer> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path: '/', headers: { Host: host }, agent }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    });
    request.on('error', reject);
  });
}
