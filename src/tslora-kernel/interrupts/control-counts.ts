/** Slots of the counters that the kernel's main thread shares with the thread of its control channel. */

/** Requests of the control channel that the main thread has taken. */
export const TAKEN = 0;
/** Signals that the control channel's thread has sent for an interrupt and the main thread has not counted yet. */
export const PENDING = 1;
/** 1 once the control channel's socket is closed. */
export const CLOSED = 2;

/** Creates the counters, all 0, in memory that both threads share. */
export function controlCounts(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT));
}
