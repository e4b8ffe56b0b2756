import { setTimeout as sleep } from "node:timers/promises";

/** The clock of a limiter, in milliseconds. */
export interface Clock {
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, { signal });
  },
};

/** Spaces calls evenly in time, within the rate that a host allows. */
export class RateLimiter {
  readonly #distance: number;
  readonly #clock: Clock;
  #next = -Infinity;

  constructor(perSecond: number, clock: Clock = systemClock) {
    this.#distance = 1000 / perSecond;
    this.#clock = clock;
  }

  /** Waits for this call's turn; turns are in the order of the calls. */
  async turn(signal?: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    const mine = Math.max(now, this.#next);
    this.#next = mine + this.#distance;
    if (mine > now) await this.#clock.sleep(mine - now, signal);
  }
}
