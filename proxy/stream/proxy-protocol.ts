import { isIP } from 'node:net';
import { plainAddress } from '../http/client-address.ts';

/**
 * HAProxy's PROXY protocol, versions 1 and 2: what a proxy in front says of the client, before the first byte of the
 * connection itself (https://www.haproxy.org/download/1.8/doc/proxy-protocol.txt).
 */

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export type ProxyHeader =
  /** Not all of it has come. */
  | { readonly kind: 'more' }
  /** The connection begins with something else. */
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed' }
  /** `source` is null where the proxy speaks for itself (`LOCAL`, `UNKNOWN`), or of no IP address. */
  | { readonly kind: 'header'; readonly length: number; readonly source: Endpoint | null };

const signature = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
const textStart = Buffer.from('PROXY ');
/** The longest line of version 1, its end included. */
const maxTextBytes = 107;
/** Version 2 may carry more than addresses; nobody needs this much. */
const maxBinaryBytes = 4096;

export const maxProxyHeaderBytes = maxBinaryBytes;

export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (startsAs(bytes, signature)) return bytes.length < 16 ? { kind: 'more' } : readBinary(bytes);
  if (startsAs(bytes, textStart)) return bytes.length < textStart.length ? { kind: 'more' } : readText(bytes);
  return { kind: 'none' };
}

/** As far as both go. */
function startsAs(bytes: Buffer, wanted: Buffer): boolean {
  const length = Math.min(bytes.length, wanted.length);
  return bytes.subarray(0, length).equals(wanted.subarray(0, length));
}

function readText(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, maxTextBytes).indexOf('\r\n');
  if (end < 0) return { kind: bytes.length >= maxTextBytes ? 'malformed' : 'more' };
  const length = end + 2;
  const words = bytes.toString('latin1', 0, end).split(' ');
  const [, family, address = '', , port = ''] = words;
  if (family === 'UNKNOWN') return { kind: 'header', length, source: null };
  const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : 0;
  if (version === 0 || words.length !== 6 || isIP(address) !== version || isIP(words[3] ?? '') !== version) {
    return { kind: 'malformed' };
  }
  if (!isPort(port) || !isPort(words[5] ?? '')) return { kind: 'malformed' };
  return { kind: 'header', length, source: { address: plainAddress(address), port: Number(port) } };
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

function readBinary(bytes: Buffer): ProxyHeader {
  const version = bytes.readUInt8(12) >> 4;
  const command = bytes.readUInt8(12) & 0x0f;
  const size = bytes.readUInt16BE(14);
  const length = 16 + size;
  if (version !== 2 || command > 1 || length > maxBinaryBytes) return { kind: 'malformed' };
  if (bytes.length < length) return { kind: 'more' };
  if (command === 0) return { kind: 'header', length, source: null };
  switch (bytes.readUInt8(13)) {
    case 0x11:
    case 0x12: {
      if (size < 12) return { kind: 'malformed' };
      const address = [...bytes.subarray(16, 20)].join('.');
      return { kind: 'header', length, source: { address, port: bytes.readUInt16BE(24) } };
    }
    case 0x21:
    case 0x22: {
      if (size < 36) return { kind: 'malformed' };
      return {
        kind: 'header',
        length,
        source: { address: textOf(bytes.subarray(16, 32)), port: bytes.readUInt16BE(48) },
      };
    }
    default:
      // A Unix socket, or nothing that is known.
      return { kind: 'header', length, source: null };
  }
}

/** An IPv6 address as it is usually written; one that holds an IPv4 address is written as that. */
function textOf(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16)).join(':');
  const { hostname } = new URL(`http://[${groups}]`);
  const address = hostname.slice(1, -1);
  const holdsIpv4 = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(address);
  return holdsIpv4 === null ? address : [...bytes.subarray(12)].join('.');
}

/** The header that tells a server who connects. Both ends have the family of the client; the other one is mapped. */
export function writeProxyHeader(version: 1 | 2, source: Endpoint, destination: Endpoint): Buffer {
  const family = isIP(source.address);
  const isKnown = family !== 0 && isIP(destination.address) !== 0;
  if (version === 1) {
    if (!isKnown) return Buffer.from('PROXY UNKNOWN\r\n');
    const is4 = family === 4 && isIP(destination.address) === 4;
    const [from, to] = [source, destination].map(({ address }) => (is4 ? address : mapped(address)));
    return Buffer.from(`PROXY ${is4 ? 'TCP4' : 'TCP6'} ${from} ${to} ${source.port} ${destination.port}\r\n`);
  }
  const head = Buffer.from([...signature, 0x21, 0, 0, 0]);
  if (!isKnown) {
    head[12] = 0x20;
    return head;
  }
  const is4 = family === 4 && isIP(destination.address) === 4;
  const addresses = [source, destination].flatMap(({ address }) => (is4 ? bytes4(address) : bytes6(address)));
  const ports = [source, destination].flatMap(({ port }) => [port >> 8, port & 0xff]);
  head[13] = is4 ? 0x11 : 0x21;
  head.writeUInt16BE(addresses.length + ports.length, 14);
  return Buffer.concat([head, Buffer.from([...addresses, ...ports])]);
}

function mapped(address: string): string {
  return isIP(address) === 4 ? `::ffff:${address}` : address;
}

function bytes4(address: string): number[] {
  return address.split('.').map(Number);
}

function bytes6(address: string): number[] {
  if (isIP(address) === 4) return [...zeros(10), 0xff, 0xff, ...bytes4(address)];
  const { hostname } = new URL(`http://[${address}]`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const groupsOf = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const groups = [...before, ...zeros(8 - before.length - after.length), ...after];
  return groups.flatMap((group) => [group >> 8, group & 0xff]);
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}
