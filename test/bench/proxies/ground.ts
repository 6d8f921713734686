import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { freePort, type Running, start, until } from '../process.ts';
import { host, type Peer, type PeerKind, type Setting } from './peer.ts';
import { nginxConfiguration } from './programs.ts';

/** The servers behind the proxies and the files of one run. */
export interface Bench {
  readonly dir: string;
  readonly uploadFile: string;
  /** Starts a proxy in front of an origin and waits until it answers on both ports. */
  readonly proxy: (
    kind: PeerKind,
    setting: Pick<Setting, 'routers' | 'hasMiddlewares'> & { readonly origin: 'files' | 'node' },
  ) => Promise<Peer>;
  readonly stop: () => Promise<void>;
}

export async function openBench(): Promise<Bench> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-bench-proxies-'));
  const started: Running[] = [];
  const stop = async (): Promise<void> => {
    for (const running of started.toReversed()) await running.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const uploadFile = path.join(dir, '100mb');
    writeFileSync(uploadFile, Buffer.alloc(100_000_000, 'gatehouse'));
    writeFileSync(path.join(dir, '1mb'), Buffer.alloc(1_000_000, 'gatehouse'));
    const { certificateFile, keyFile } = certificateFor(dir);
    const [files, node] = [await freePort(), await freePort()];
    const server = `server { listen 127.0.0.1:${files}; root ${dir}; location = / { return 200 "hello\\n"; } }`;
    started.push(start('nginx', ['-c', nginxConfiguration(dir, 'origin', server, 'off')]));
    started.push(start(process.execPath, [path.join(import.meta.dirname, 'origin.ts'), String(node)]));
    return {
      dir,
      uploadFile,
      stop,
      async proxy(kind, { origin, ...setting }) {
        const originPort = origin === 'files' ? files : node;
        const peer = await kind.start({ dir, originPort, certificateFile, keyFile, ...setting });
        started.push(peer.running);
        await until(
          `${kind.program} to answer`,
          async () => ((await answers(peer, setting.hasMiddlewares)) ? true : undefined),
          60_000,
        ).catch((error: unknown) => {
          throw new Error(`${kind.program} does not answer: ${peer.running.output()}`, { cause: error });
        });
        return peer;
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A certificate for the host that all proxies route. */
export function certificateFor(dir: string): Pick<Setting, 'certificateFile' | 'keyFile'> {
  const own = mkdtempSync(path.join(dir, 'certificate-'));
  const certificateFile = path.join(own, 'certificate.pem');
  const keyFile = path.join(own, 'key.pem');
  const names = `subjectAltName=DNS:${host}`;
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', `/CN=${host}`, '-addext', names, '-keyout', keyFile, '-out', certificateFile],
    ],
    { stdio: 'ignore' },
  );
  return { certificateFile, keyFile };
}

function answers({ httpPort }: Peer, isGuarded: boolean): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port: httpPort, path: '/', headers: { host }, agent: false });
    request.on('error', reject);
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode === (isGuarded ? 401 : 200));
    });
  });
}
