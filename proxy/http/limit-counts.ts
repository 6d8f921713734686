import type { LimitCount, LimitName } from '../model/limits.ts';
import type { ProxyErrorCode, RequestRecord } from '../model/request-record.ts';

const tellMs = 1000;

/** Counts what limits held off, and tells of it together: an attack must not become a flood of messages. */
export class LimitCounts {
  private readonly counts = new Map<LimitName, { count: number; clientIp: string }>();
  private readonly tell: (counts: readonly LimitCount[]) => void;
  private timer: NodeJS.Timeout | null = null;

  constructor(tell: (counts: readonly LimitCount[]) => void) {
    this.tell = tell;
  }

  note(limit: LimitName, clientIp: string): void {
    const known = this.counts.get(limit);
    if (known) {
      known.count += 1;
      known.clientIp = clientIp;
    } else {
      this.counts.set(limit, { count: 1, clientIp });
    }
    this.timer ??= setTimeout(() => this.flush(), tellMs);
  }

  /** What a record says of its client, or of the server that it was sent to. */
  noteRecord({ error, clientIp }: Pick<RequestRecord, 'error' | 'clientIp'>): void {
    if (error === null) return;
    const limit = limitOf(error.code, error.detail);
    if (limit !== null) this.note(limit, clientIp);
  }

  /** Tells what is left. */
  flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (this.counts.size === 0) return;
    const counts = [...this.counts].map(([limit, { count, clientIp }]) => ({ limit, count, clientIp }));
    this.counts.clear();
    this.tell(counts);
  }
}

/** Details that tell limits of one code apart. */
export const lateHead = 'the head did not arrive in time';
export const stoppedReading = 'the client stopped reading';

function limitOf(code: ProxyErrorCode, detail: string): LimitName | null {
  switch (code) {
    case 'REQUEST_TIMEOUT':
      return detail === lateHead ? 'slow-head' : 'slow-body';
    case 'HEADERS_TOO_LARGE':
      return 'head-too-large';
    case 'REQUEST_MALFORMED':
    case 'REQUEST_AMBIGUOUS':
      return 'malformed-request';
    case 'CLIENT_ABORTED':
      return detail === stoppedReading ? 'slow-reader' : null;
    case 'INTERNAL':
      return /\bE[MN]FILE\b/.test(detail) ? 'descriptors' : null;
    case 'UPSTREAM_TRUNCATED':
      return 'server-truncated';
    case 'UPSTREAM_PROTOCOL':
      return 'server-malformed';
    case 'UPSTREAM_RESET':
      return 'server-reset';
    case 'UPSTREAM_TIMEOUT':
      return 'server-timeout';
    default:
      return null;
  }
}
