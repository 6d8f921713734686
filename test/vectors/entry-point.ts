import net from 'node:net';
import { hostname as machineName } from 'node:os';
import tls from 'node:tls';
import { z } from 'zod';
import { readStaticFile } from '../../app/config/static-read.ts';
import { HeaderList } from '../../proxy/http/header-list.ts';
import type { EntryPointOptions } from '../../proxy/model/snapshot.ts';
import { makeCertificate } from '../support/certificates.ts';
import { makeExchange } from '../support/exchange.ts';
import { type Harness, loadBalancer, startProxy, until } from '../support/proxy-harness.ts';
import { addressParts, urlParts } from './go-url.ts';
import type { RequestStep, Sent, Target } from './middlewares.ts';
import { startRecordingServer } from './recording-server.ts';
import { basicAuthorization, bytesOf, type Forwarded, type ToldRequest } from './traffic.ts';
import { Missing } from './vector.ts';

/** Options of an entry point by what a vector names. Everything is judged over a real connection. */
export function entryPointTarget(
  part: string,
  config: Readonly<Record<string, unknown>>,
  hostname: string | undefined,
  mode: Partial<EntryPointOptions> = {},
): Target {
  return {
    async send(step) {
      const sent = await sendToEntryPoint({ ...entryPointOptions(part, config), ...mode }, step, hostname);
      return part === 'forwardedHeaders'
        ? sent
        : { ...sent, forwarded: sent.forwarded.map((call) => withoutForwarding(call, step.request)) };
    },
  };
}

/** Other parts of an entry point are looked at without what it tells servers of the request's way. */
function withoutForwarding(call: Forwarded, told: ToldRequest): Forwarded {
  const brought = new Set((told.headers ?? []).map(([name]) => name.toLowerCase()));
  const headers = call.headers.clone();
  headers.deleteWhere((name) => !brought.has(name) && /^x-(?:forwarded-|real-ip)/.test(name));
  return { ...call, headers };
}

function entryPointOptions(part: string, config: Readonly<Record<string, unknown>>): Partial<EntryPointOptions> {
  const strategy = /^underscoreHeadersStrategy=(\w+)$/.exec(part)?.[1];
  if (strategy !== undefined) return underscoreOptions(strategy);
  switch (part) {
    case 'requestDecorator':
    case 'denyFragment':
    case 'normalizePath':
    case 'sanitizePath':
      return {};
    case 'forwardedHeaders': {
      const { trustedIPs, insecure, ...more } = config as { trustedIPs?: readonly string[]; insecure?: boolean };
      return {
        trustedIPs: (trustedIPs ?? []).map(loopback),
        insecureForwardedHeaders: insecure ?? false,
        ...forwardingOptions(more),
      };
    }
    default:
      throw new Missing(`the runner does not know entryPoint.${part}`);
  }
}

/** What a router may not have in its path, as an option of its entry point; where nothing is told, all may be there. */
export function encodedCharactersAt(told: readonly unknown[]): Partial<EntryPointOptions> {
  const encodedCharacters = told.find((each) => each !== undefined) ?? { allowEncodedSlash: true };
  const entryPoints = { web: { address: ':80', http: { encodedCharacters } } };
  const { patch } = readStaticFile(JSON.stringify({ entryPoints }), 'traefik.yml');
  return { ...patch.entryPoints?.[0]?.wire };
}

export function underscoreOptions(strategy: string): Partial<EntryPointOptions> {
  return { underscoreHeaders: z.enum(['keep', 'delete', 'reject']).parse(strategy) };
}

function forwardingOptions(more: Readonly<Record<string, unknown>>): Partial<EntryPointOptions> {
  const { connection = [], ...others } = more as { connection?: readonly string[] };
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new Missing(`entry points have no forwardedHeaders.${unknown}`);
  return { connectionFields: connection.map((name) => name.toLowerCase()) };
}

/** Clients of a test connect from 127/8: the rest of the address is the vector's. */
function loopback(address: string): string {
  return address.replace(/^\d+\./, '127.');
}

export async function sendToEntryPoint(
  options: Partial<EntryPointOptions>,
  step: RequestStep,
  hostname?: string,
): Promise<Sent> {
  const told = step.request;
  const isTls = told.tls === true;
  const server = await startRecordingServer();
  server.begin(step.upstream ?? {});
  const proxy = await startProxy({
    entryPoints: [{ ...options, tls: isTls }],
    routers: [{ tls: isTls }],
    services: { 'app@test': loadBalancer([`http://${server.address}`]) },
    ...(isTls ? { certificates: [await makeCertificate(['localhost'], true)] } : {}),
  });
  try {
    const { client, sent } = await sendBytes(proxy, told);
    const { host } = await proxy.record();
    const back = (call: Forwarded): Forwarded => ({ ...asBeforeForwarding(call, client, told, hostname), host });
    return { ...sent, forwarded: server.calls().map(back) };
  } finally {
    await proxy.close();
    await server.close();
  }
}

/** A request over a connection to a proxy that runs. */
export async function sendToProxy(proxy: Harness, step: RequestStep): Promise<Sent> {
  return (await sendBytes(proxy, step.request)).sent;
}

async function sendBytes(proxy: Harness, told: ToldRequest): Promise<{ readonly client: string; readonly sent: Sent }> {
  const client = loopback(addressParts(told.remoteAddr ?? '').ip || '127.0.0.1');
  const answer = await exchangeBytes(proxy.port(), told.tls === true, client, requestBytes(told));
  return { client, sent: { exchange: { sink: recorded(answer) }, forwarded: [] } };
}

function requestBytes(told: ToldRequest): string {
  const url = urlParts(told.url === '' ? '/' : told.url);
  const fragment = told.url.includes('#') ? told.url.slice(told.url.indexOf('#')) : '';
  const path = told.overrides?.['url.rawPath'] ?? url.path;
  const target = `${path}${url.query === '' ? '' : `?${url.query}`}${fragment}`;
  const host = told.host ?? url.authority;
  // Without a host there is none: only HTTP/1.0 has such requests. It has no upgrades.
  const isNameless = host === '' && !told.headers?.some(([name]) => name.toLowerCase() === 'upgrade');
  const lines = [`${told.method || 'GET'} ${target} HTTP/${isNameless ? '1.0' : '1.1'}`];
  if (!isNameless) lines.push(`Host: ${host || 'localhost'}`);
  for (const [name, value] of told.headers ?? []) lines.push(`${name}: ${value}`);
  if (told.basicAuth) lines.push(`Authorization: ${basicAuthorization(told.basicAuth)}`);
  const body = bytesOf(told.body);
  if (body.byteLength > 0) lines.push(`Content-Length: ${body.byteLength}`);
  return `${lines.join('\r\n')}\r\n\r\n${body.toString('latin1')}`;
}

async function exchangeBytes(port: number, isTls: boolean, localAddress: string, bytes: string): Promise<string> {
  const plain = net.connect({ port, host: '127.0.0.1', localAddress });
  const socket = isTls ? tls.connect({ socket: plain, rejectUnauthorized: false }) : plain;
  let answer = '';
  let isOver = false;
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
  });
  socket.on('error', () => {
    isOver = true;
  });
  socket.on('close', () => {
    isOver = true;
  });
  try {
    socket.write(bytes, 'latin1');
    await until(() => isOver || isComplete(answer), 'an answer');
    return answer;
  } finally {
    socket.destroy();
    plain.destroy();
  }
}

function isComplete(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(answer.slice(0, end))?.[1];
  return length === undefined ? true : answer.length >= end + 4 + Number(length);
}

function recorded(answer: string): Sent['exchange']['sink'] {
  const { sink } = makeExchange();
  const [head = '', ...body] = answer.split('\r\n\r\n');
  const [statusLine = '', ...fields] = head.split('\r\n');
  const headers = new HeaderList();
  for (const field of fields) {
    const colon = field.indexOf(':');
    headers.append(field.slice(0, colon), field.slice(colon + 1).trim());
  }
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1] ?? 0);
  if (status > 0) sink.head({ status, headers });
  if (body.length > 0) sink.write(Buffer.from(body.join('\r\n\r\n'), 'latin1'));
  return sink;
}

/**
 * What the server got, without what Traefik adds later than the handlers that vectors look behind: the forwarder appends
 * the peer to X-Forwarded-For. Addresses and the machine's name are the vector's again.
 */
function asBeforeForwarding(
  call: Forwarded,
  client: string,
  told: ToldRequest,
  hostname: string | undefined,
): Forwarded {
  const headers = new HeaderList();
  const original = told.remoteAddr === undefined ? client : addressParts(told.remoteAddr).ip;
  for (const [name, value] of call.headers) {
    if (name.toLowerCase() === 'connection' && !call.headers.has('upgrade')) continue;
    if (name.toLowerCase() === 'x-forwarded-for') {
      const rest = value.split(', ').slice(0, -1).join(', ');
      if (rest !== '') headers.append(name, rest);
      continue;
    }
    const named = hostname !== undefined && value === machineName() ? hostname : value;
    headers.append(name, named === client ? original : named);
  }
  return { ...call, headers };
}
