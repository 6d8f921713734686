import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import type { ProxyRequest } from '../http/exchange.ts';
import { parseIpRanges } from '../rule/ip-ranges.ts';

export const ipStrategySchema = z.strictObject({
  depth: z.int().min(0).optional(),
  excludedIPs: z.array(z.string()).optional(),
  ipv6Subnet: z.int().optional(),
});

export const sourceCriterionSchema = z.strictObject({
  ipStrategy: ipStrategySchema.optional(),
  requestHeaderName: z.string().optional(),
  requestHost: z.boolean().optional(),
});

export type IpStrategyConfig = z.infer<typeof ipStrategySchema>;
export type SourceCriterionConfig = z.infer<typeof sourceCriterionSchema>;

/** Tells which address a request counts for; empty where it cannot be told, and then nothing is allowed by it. */
export type AddressOf = (request: ProxyRequest) => string;

/**
 * By default the client as the entry point knows it. With `depth`, the entry of `X-Forwarded-For` so many from the
 * right; with `excludedIPs`, the rightmost entry that is none of them. Throws an Error where options cannot be used.
 */
export function createIpStrategy(config: IpStrategyConfig | undefined): AddressOf {
  const { depth = 0, excludedIPs = [], ipv6Subnet } = config ?? {};
  if (ipv6Subnet !== undefined && (ipv6Subnet < 1 || ipv6Subnet > 128)) {
    throw new Error(`ipv6Subnet is ${ipv6Subnet}, but must be between 1 and 128.`);
  }
  const grouped = (address: string): string => (ipv6Subnet === undefined ? address : subnetOf(address, ipv6Subnet));
  if (depth > 0) return (request) => grouped(forwardedFor(request).at(-depth) ?? '');
  if (excludedIPs.length > 0) {
    const excluded = parseIpRanges(excludedIPs);
    return (request) => forwardedFor(request).findLast((entry) => entry !== '' && !excluded.contains(entry)) ?? '';
  }
  return (request) => grouped(request.clientIp);
}

/** What requests are counted by. At most one criterion may be given; by default it is the client's address. */
export function createSourceCriterion(config: SourceCriterionConfig | undefined): AddressOf {
  const { ipStrategy, requestHeaderName, requestHost } = config ?? {};
  const given = [
    ipStrategy && 'ipStrategy',
    requestHeaderName && 'requestHeaderName',
    requestHost && 'requestHost',
  ].filter((name) => typeof name === 'string');
  if (given.length > 1) throw new Error(`sourceCriterion takes one of ${given.join(' and ')}, not both.`);
  if (requestHeaderName) return (request) => request.headers.getAll(requestHeaderName).join(', ');
  if (requestHost) return (request) => request.host;
  return createIpStrategy(ipStrategy);
}

/** Entries from left to right; several fields count as one (RFC 9110 §5.3). */
function forwardedFor(request: ProxyRequest): string[] {
  return request.headers
    .getAll('x-forwarded-for')
    .join(',')
    .split(',')
    .map((entry) => entry.trim());
}

/** The first address of the IPv6 subnet, so that one client's many addresses count as one. IPv4 stays as it is. */
function subnetOf(address: string, prefix: number): string {
  const zone = address.indexOf('%');
  const plain = zone < 0 ? address : address.slice(0, zone);
  if (isIP(plain) !== 6) return address;
  return ipaddr.IPv6.networkAddressFromCIDR(`${plain}/${prefix}`).toString();
}
