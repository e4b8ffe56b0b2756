/** Facts that decide the wait before the next try. */
export interface RetryDelayOptions {
  /** Number of failed tries, from 1. */
  readonly failed: number;
  /** The wait after the first failure, in milliseconds; it doubles with each failure. */
  readonly backoffMs: number;
  /** The response's `Retry-After` header, if it has one: seconds or an HTTP date. */
  readonly retryAfter?: string | null;
  /** The time, in milliseconds since 1970. */
  readonly now: number;
  /** A random number in [0, 1), which spreads the waits of many clients. */
  readonly jitter: number;
}

/**
 * Milliseconds to wait before the next try: exponential, reduced by a jitter of up to a half, and at least the host's
 * `Retry-After`.
 */
export function retryDelay({ failed, backoffMs, retryAfter, now, jitter }: RetryDelayOptions): number {
  const own = backoffMs * 2 ** (failed - 1) * (1 - jitter / 2);
  return Math.ceil(Math.max(own, parseRetryAfter(retryAfter ?? "", now)));
}

function parseRetryAfter(header: string, now: number): number {
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : date - now;
}
