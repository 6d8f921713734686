let second = -1;
let text = '';

/** Now, as `Date` fields tell it (RFC 9110 §5.6.7); made once a second. */
export function httpDate(): string {
  const nowMs = Date.now();
  const now = Math.trunc(nowMs / 1000);
  if (now !== second) {
    second = now;
    text = new Date(nowMs).toUTCString();
  }
  return text;
}
