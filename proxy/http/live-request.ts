import type { Duplex, Readable } from 'node:stream';
import type { ProxyErrorCode } from '../model/request-record.ts';
import type { PathForm } from '../rule/path.ts';
import type { ProxyRequest, TlsFacts } from './exchange.ts';
import { HeaderList } from './header-list.ts';
import { trailersBeside } from './request-trailers.ts';

/** Why a request is turned away before it is routed. `detail` is for the owner, never for the visitor. */
export interface Refusal {
  readonly status: number;
  readonly code: ProxyErrorCode;
  readonly detail: string;
}

/** What one connection knows about its other end. */
export interface Peer {
  /** Plain address, IPv4-mapped IPv6 shown as IPv4. */
  readonly address: string;
  readonly port: number;
  readonly tls: TlsFacts | null;
  /** Its forwarding headers are believed. */
  readonly trusted: boolean;
  /** Its address is one of `trustedIPs`, so that the client is who it says. */
  readonly isKnownProxy: boolean;
  /** Key of the TLS options of the connection's handshake; empty without TLS. */
  readonly tlsOptions: string;
}

/** Told when the client has gone, so that the server behind is not kept busy for nobody. */
export interface GoneListener {
  clientGone(): void;
}

/** Joins the client's connection with that of a server which agreed to an upgrade. */
export interface UpgradePort {
  /** Sends the 101 answer with these fields, then passes bytes both ways until both sides have ended. */
  accept(headers: HeaderList, server: Duplex): void;
}

/** The canonical request as it arrived on a wire, with what only this layer needs. */
export class LiveRequest implements ProxyRequest {
  readonly id: string;
  readonly entryPoint: string;
  readonly scheme: 'http' | 'https';
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2.0';
  readonly method: string;
  host = '';
  authority = '';
  path = '/';
  query = '';
  readonly headers = new HeaderList();
  clientIp: string;
  readonly clientPort: number;
  readonly peerIp: string;
  readonly tls: Peer['tls'];
  body: Readable | null = null;
  upgrade: string | null = null;
  pathForm?: PathForm;

  /** Path and query before any middleware changed them. */
  target = '';
  userAgent = '';
  referer = '';
  /** Fields that middlewares may see and servers may not (lower case). */
  readonly endsHere: string[] = [];
  /** False: the server is told of the client's way here as the client told it. */
  appendForwardedFor = true;
  readonly tlsOptions: string;
  /** The connection that it came on. */
  readonly peer: Peer;
  refusal: Refusal | null = null;
  goneListener: GoneListener | null = null;
  upgradePort: UpgradePort | null = null;

  constructor(id: string, entryPoint: string, protocol: LiveRequest['protocol'], method: string, peer: Peer) {
    this.id = id;
    this.entryPoint = entryPoint;
    this.protocol = protocol;
    this.method = method;
    this.scheme = peer.tls ? 'https' : 'http';
    this.clientIp = peer.address;
    this.clientPort = peer.port;
    this.peerIp = peer.address;
    this.tls = peer.tls;
    this.tlsOptions = peer.tlsOptions;
    this.peer = peer;
  }

  /**
   * Trailers of the body that may go to the server, as `[name, value, name, value]`: framing, routing and forwarding
   * fields are left out, and whatever middlewares set or took away. Complete once the body has been read to its end.
   */
  trailers(): readonly string[] {
    return trailersBeside(this.headers, this.passedTrailers);
  }

  passedTrailers: readonly string[] = [];

  /** Keeps the first reason. */
  refuse(status: number, code: ProxyErrorCode, detail: string): void {
    this.refusal ??= { status, code, detail };
  }
}
