import type { RequestRecord } from '../../proxy/model/request-record.ts';

/** The same fields as the contract's filter, so that live lines and stored ones are chosen alike. */
export interface LogFilter {
  readonly text?: string;
  readonly router?: string;
  readonly service?: string;
  readonly host?: string;
  readonly clientIp?: string;
  readonly status?: string;
  readonly entryPoint?: string;
}

export function isEmptyFilter(filter: LogFilter): boolean {
  return Object.values(filter).every((value) => value === undefined || value === '');
}

/** The test that a filter stands for. Fields that are left out hold for all. */
export function matcherOf(filter: LogFilter): (record: RequestRecord) => boolean {
  const tests: ((record: RequestRecord) => boolean)[] = [];
  const { text, router, service, host, clientIp, status, entryPoint } = filter;
  if (router) tests.push((record) => record.router === router);
  if (service) tests.push((record) => record.service === service);
  if (host) tests.push((record) => record.host === host);
  if (clientIp) tests.push((record) => record.clientIp === clientIp);
  if (entryPoint) tests.push((record) => record.entryPoint === entryPoint);
  if (status) {
    const hundred = /^([1-5])xx$/.exec(status)?.[1];
    if (hundred) tests.push((record) => Math.floor(record.status / 100) === Number(hundred));
    else tests.push((record) => record.status === Number(status));
  }
  const needle = text?.trim().toLowerCase();
  if (needle) {
    tests.push(
      (record) =>
        record.host.includes(needle) ||
        record.target.toLowerCase().includes(needle) ||
        record.clientIp.includes(needle) ||
        (record.router ?? '').toLowerCase().includes(needle) ||
        (record.service ?? '').toLowerCase().includes(needle),
    );
  }
  return (record) => tests.every((test) => test(record));
}
