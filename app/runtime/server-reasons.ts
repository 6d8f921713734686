import type { ServerView } from '../contract/objects.ts';

type Said = NonNullable<ServerView['said']>;

/**
 * Health checks say in English why a server is down, and hand that on as one text. Its code, for other languages, is
 * found by the sentence; where none is found, the English one stands.
 */
const sentences: readonly (readonly [Said['code'], RegExp])[] = [
  ['ANSWERED_INSTEAD', /^It answered (?<status>\d+) instead of (?<wanted>\d+)\.$/],
  ['ANSWERED', /^It answered (?<status>\d+)\.$/],
  ['ANSWERED_TEXT', /^It answered (?<answer>".*") where (?<wanted>".*") is expected\.?$/s],
  ['LATE', /^It did not answer within (?<time>[\d.]+ m?s)\.?$/],
  ['REDIRECTED_OFTEN', /^It redirected more than (?<count>\d+) times\.$/],
  ['NOBODY_LISTENS', /^Nothing listens at (?<where>\S+) \(\w+\)\.$/],
  ['NOBODY_LISTENS', /^connect ECONNREFUSED (?<where>\S+)$/],
  ['UNREACHABLE', /^(?<where>\S+) cannot be reached \(\w+\)\.$/],
  ['UNREACHABLE', /^connect E(?:HOSTUNREACH|NETUNREACH|TIMEDOUT) (?<where>\S+)/],
  ['NAME_UNKNOWN', /^The name (?<where>\S+) is not known \(\w+\)\.$/],
  ['NAME_UNKNOWN', /^getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (?<where>\S+)$/],
  ['CERTIFICATE', /^The certificate of (?<where>\S+) is not trusted \((?<reason>\w+)\)\./],
  ['FAILING', /^Visitors' requests to it failed/],
];

export function saidOfServer(reason: string | null): Pick<ServerView, 'said'> {
  if (reason === null) return {};
  for (const [code, pattern] of sentences) {
    const match = pattern.exec(reason);
    if (match !== null) return { said: { code, details: { ...match.groups } } };
  }
  return {};
}
