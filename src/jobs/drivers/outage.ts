import { setTimeout as delay } from "node:timers/promises";

import { TsloraError } from "../../base/tslora-error";

/** The pause after a storage did not answer, in milliseconds; each further one in a row is twice as long. */
const FIRST_PAUSE = 5000;
/** Outages in a row after which a request is given up: some two and a half minutes. */
const MOST_OUTAGES = 6;

/** Options of {@link outlastOutage}. */
export interface OutageOptions {
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** For tests: the first pause. @default 5,000 ms */
  readonly pauseMs?: number;
}

/** Whether a storage or a host did not answer, which may pass. */
export function isOutage(error: unknown): boolean {
  return error instanceof TsloraError && error.code === "unreachable";
}

/** Waits after an outage, the first of which is number 1. The signal ends the wait. */
export async function pauseAfterOutage(
  number: number,
  { signal, pauseMs = FIRST_PAUSE }: OutageOptions,
): Promise<void> {
  await delay(pauseMs * 2 ** (number - 1), undefined, { signal }).catch(() => undefined);
}

/** Repeats a request to a storage that does not answer, for some minutes. Throws the last error. */
export async function outlastOutage<T>(request: () => Promise<T>, options: OutageOptions = {}): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await request();
    } catch (error) {
      if (!isOutage(error) || number === MOST_OUTAGES || options.signal?.aborted === true) throw error;
      await pauseAfterOutage(number, options);
    }
  }
}
