import { durationMs } from '../../proxy/model/duration.ts';
import type { ClientLimits } from '../../proxy/model/limits.ts';
import type { Report } from './static-entry-points.ts';
import type { StaticInput } from './static-schema.ts';

type Input = NonNullable<NonNullable<StaticInput['gatehouse']>['limits']>;

const times = { headTimeout: 'headMs', handshakeTimeout: 'handshakeMs', answerTimeout: 'stalledAnswerMs' } as const;
const numbers = {
  connections: 'connections',
  connectionsPerAddress: 'connectionsPerAddress',
  stalledRequests: 'stalledRequests',
  http2StreamsPerAddress: 'http2StreamsPerAddress',
  http2FailedStreams: 'http2FailureBurst',
  http2FailedStreamsPerSecond: 'http2FailuresPerSecond',
  http2IdleBytes: 'http2IdleBurstBytes',
  http2IdleBytesPerSecond: 'http2IdleBytesPerSecond',
} as const;

/** `gatehouse.limits`: only what is said. */
export function limitsOf(input: Input, report: Report): Partial<ClientLimits> {
  const limits: Partial<Record<keyof ClientLimits, number>> = {};
  for (const [option, name] of Object.entries(times) as [keyof typeof times, keyof ClientLimits][]) {
    const given = input[option];
    if (given === undefined) continue;
    const ms = durationMs(given, 0);
    if (ms > 0) limits[name] = ms;
    else {
      const message = `gatehouse.limits.${option} is "${String(given)}": a client could wait for ever. Write a time such as 60s.`;
      report(['gatehouse', 'limits', option], 'error', message);
    }
  }
  for (const [option, name] of Object.entries(numbers) as [keyof typeof numbers, keyof ClientLimits][]) {
    const given = input[option];
    if (given !== undefined) limits[name] = given;
  }
  return limits;
}
