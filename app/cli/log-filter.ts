import type { RequestRecord } from '../../proxy/model/request-record.ts';
import type { LogFilter } from '../operations/context.ts';

type SetFilter = { readonly [Key in keyof LogFilter]?: string };

/** Only what is set: the contract refuses keys without a value. */
export function logFilterOf(wanted: LogFilter): SetFilter {
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
}

/** The engine's filter, for records that come as events. */
export function matchesFilter(record: RequestRecord, filter: SetFilter): boolean {
  const { text, status, router, service, host, clientIp, entryPoint } = filter;
  if (router !== undefined && record.router !== router) return false;
  if (service !== undefined && record.service !== service) return false;
  if (host !== undefined && record.host !== host) return false;
  if (clientIp !== undefined && record.clientIp !== clientIp) return false;
  if (entryPoint !== undefined && record.entryPoint !== entryPoint) return false;
  if (status !== undefined && !statusFits(record.status, status)) return false;
  if (text === undefined) return true;
  const wanted = text.toLowerCase();
  return [record.host, record.target, record.clientIp, record.router, record.service].some((part) =>
    part?.toLowerCase().includes(wanted),
  );
}

function statusFits(status: number, wanted: string): boolean {
  return wanted.endsWith('xx') ? Math.floor(status / 100) === Number(wanted[0]) : status === Number(wanted);
}
