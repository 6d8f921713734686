import { lstat } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { WebSocket } from 'ws';
import type { Contract } from '../contract/contract.ts';
import { controlSocketPath } from './control-path.ts';

export type GatehouseClient = ContractRouterClient<Contract>;

export interface ControlConnection {
  readonly client: GatehouseClient;
  /** Resolves when the connection has ended, from whichever side. */
  readonly closed: Promise<void>;
  /** May be called twice. */
  close(): void;
}

/** Nobody answers at the data folder's control socket. */
export class EngineNotRunningError extends Error {
  readonly code = 'ENGINE_NOT_RUNNING';
  readonly dataDir: string;

  constructor(dataDir: string, options?: ErrorOptions) {
    super(`Gatehouse is not running with the data folder ${dataDir}.`, options);
    this.name = 'EngineNotRunningError';
    this.dataDir = dataDir;
  }
}

const connectTimeoutMs = 5000;

/**
 * Connects to the engine of a data folder. Throws {@link EngineNotRunningError} where none runs.
 * `as` only says who is written down as the author of changes.
 */
export async function connectControl(dataDir: string, as: 'cli' | 'window' = 'cli'): Promise<ControlConnection> {
  const socket = await openControlSocket(dataDir, as);
  const link = new RPCLink({ websocket: socket as unknown as globalThis.WebSocket });
  return {
    client: createORPCClient<GatehouseClient>(link),
    closed: new Promise((resolve) => {
      socket.once('close', () => resolve());
    }),
    close: () => socket.close(),
  };
}

/** The open WebSocket itself, for whoever passes frames on (the window's shell). */
export async function openControlSocket(dataDir: string, as: 'cli' | 'window' = 'cli'): Promise<WebSocket> {
  const socketPath = controlSocketPath(dataDir);
  await refuseForeignSocket(socketPath, dataDir);
  const socket = new WebSocket(`ws://localhost/rpc?client=${as}`, {
    createConnection: () => connect(socketPath),
    perMessageDeflate: false,
    handshakeTimeout: connectTimeoutMs,
    maxPayload: 64 * 1024 * 1024,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const absent = error.code === 'ENOENT' || error.code === 'ECONNREFUSED';
      reject(absent ? new EngineNotRunningError(dataDir, { cause: error }) : error);
    });
  });
  // From here on an error is followed by a close, which is what users listen to.
  socket.on('error', () => undefined);
  return socket;
}

/** In the shared temporary folder anybody could lay out a socket and be sent passwords. */
async function refuseForeignSocket(socketPath: string, dataDir: string): Promise<void> {
  if (process.platform === 'win32' || path.dirname(socketPath) === path.resolve(dataDir)) return;
  const folder = await lstat(path.dirname(socketPath)).catch(() => null);
  if (!folder) throw new EngineNotRunningError(dataDir);
  const uid = process.getuid?.();
  if (!folder.isDirectory() || (folder.uid !== uid && uid !== 0)) {
    throw new Error(`${path.dirname(socketPath)} belongs to somebody else; it is not used.`);
  }
}
