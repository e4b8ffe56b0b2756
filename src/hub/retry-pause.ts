import { setTimeout as sleep } from "node:timers/promises";

/** Waits for some milliseconds, or rejects when the signal is aborted. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** If a server requests a longer wait, in milliseconds, there is no further attempt. */
export const PATIENCE_MS = 300_000;
const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Waits on the process's own clock. */
export async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal });
}

/** Whether a request that was answered with this status may succeed later. */
export function isTransient(status: number): boolean {
  return TRANSIENT.has(status);
}

/**
 * Milliseconds between an attempt and the next one: as the server's Retry-After requests, otherwise twice as long after
 * each attempt.
 *
 * @param attempt - counted from one
 * @param retryAfter - the header: seconds, or a date
 */
export function pauseAfter(attempt: number, retryAfter: string | null | undefined): number {
  const after = retryAfter ?? "";
  const ms = /^\d+$/.test(after) ? 1000 * Number(after) : Date.parse(after) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
}
