import type { Socket } from 'node:net';
import { InboundClock } from '../http1/inbound-clock.ts';
import { InboundConnection } from '../http1/inbound-connection.ts';
import type { InboundSettings } from '../http1/inbound-contract.ts';
import type { ReceivedHead } from '../http1/inbound-head.ts';
import { type HeadFacts, isRefusedMethod, takeFields, takeTarget, upgradeOf } from './canonical.ts';
import { peerOf } from './connection.ts';
import type { EntryContext } from './entry-context.ts';
import { answerError } from './error-page.ts';
import { answer } from './exchange.ts';
import { setForwardingFields } from './forwarding.ts';
import { HeaderList } from './header-list.ts';
import { Http1Exchange } from './http1-exchange.ts';
import { isLastRequest } from './keep-alive.ts';
import { LiveRequest, type Peer } from './live-request.ts';
import { nextRequestId } from './request-id.ts';

/** Serves HTTP/1 on connections that somebody else accepted, of one entry point. */
export interface Http1Side {
  accept(socket: Socket): void;
  closeIdleConnections(): void;
}

const leastLookMs = 25;
const mostLookMs = 500;

export function createHttp1Side(context: EntryContext): Http1Side {
  const { timeouts, maxHeaderBytes } = context.options;
  const { readMs, idleMs } = timeouts;
  // A head may take so long, whatever the entry point allows for a whole request.
  const mostHeadMs = context.clientLimits.headMs;
  const connections = new Set<InboundConnection>();
  const shortestMs = Math.min(mostHeadMs, readMs || mostHeadMs, idleMs || mostHeadMs);
  const settings: InboundSettings = {
    maxHeadBytes: maxHeaderBytes,
    headMs: Math.min(mostHeadMs, readMs || mostHeadMs),
    readMs,
    idleMs,
    clock: new InboundClock(Math.min(mostLookMs, Math.max(leastLookMs, shortestMs / 2))),
    takeRequest: (connection, head) => receive(connection, head, context),
    onClosed: (connection) => connections.delete(connection),
  };
  return {
    accept(socket) {
      const connection = new InboundConnection(socket, settings);
      connections.add(connection);
      context.gate.owns(socket, context.options.name, connection);
    },
    closeIdleConnections() {
      for (const connection of connections) connection.closeIfIdle();
    },
  };
}

function receive(connection: InboundConnection, head: ReceivedHead, context: EntryContext): void {
  const nowMs = Date.now();
  const { socket } = connection;
  const peer = (connection.peer ??= peerOf(socket, context));
  const request = new LiveRequest(nextRequestId(nowMs), context.options.name, head.protocol, head.method, peer);
  const exchange = new Http1Exchange(request, connection, context, nowMs);
  if (isLastRequest(socket, context.options)) exchange.closes = true;
  try {
    fill(request, exchange, connection, head, peer, context);
    dispatch(request, exchange, context);
  } catch (error) {
    exchange.fail(error);
  }
}

function fill(
  request: LiveRequest,
  exchange: Http1Exchange,
  connection: InboundConnection,
  head: ReceivedHead,
  peer: Peer,
  context: EntryContext,
): void {
  const { reading } = context;
  const { fault, protocol } = head;
  if (fault !== null) {
    request.refuse(fault.status, fault.code, fault.detail);
    request.target = head.target;
    return;
  }
  if (isRefusedMethod(request.method, reading)) {
    request.refuse(405, 'REQUEST_MALFORMED', request.method);
  }
  const facts = takeFields(request, head.raw, peer, reading);
  takeTarget(request, head.target, reading);
  if (protocol === 'HTTP/1.0') {
    exchange.asksToKeepAlive = facts.keepsAlive && !facts.closes;
    if (!exchange.asksToKeepAlive) exchange.closes = true;
  } else {
    if (facts.closes) exchange.closes = true;
    takeExpectation(request, facts);
    const upgrade = facts.switches ? upgradeOf(request.method, facts.upgrade, reading) : null;
    if (upgrade !== null) {
      if (facts.hasBody) request.refuse(400, 'REQUEST_AMBIGUOUS', 'an upgrade with a body');
      request.upgrade = upgrade;
      request.upgradePort = exchange;
      exchange.closes = true;
    }
  }
  if (facts.hasBody && request.refusal === null) {
    const body = connection.beginBody(facts.bodyBytes, facts.expectsContinue && protocol === 'HTTP/1.1');
    request.body = body;
    exchange.watchBody(body);
  }
  setForwardingFields(request, peer, facts, context.peers, reading.addSchemeFields);
  request.appendForwardedFor = reading.appendForwardedFor;
}

function takeExpectation(request: LiveRequest, { expectation, expectsContinue }: HeadFacts): void {
  if (expectation === '' || expectsContinue) return;
  request.refuse(417, 'REQUEST_MALFORMED', `Expect "${expectation}"`);
}

function dispatch(request: LiveRequest, exchange: Http1Exchange, context: EntryContext): void {
  if (request.refusal) {
    exchange.closes = true;
    answerError(exchange, request.refusal.status, request.refusal.code, request.refusal.detail);
  } else if (request.path === '*') {
    answer(exchange, 200, new HeaderList());
  } else {
    context.route(exchange);
  }
}
