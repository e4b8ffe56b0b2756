/**
 * The exponential moving average of losses, divided by 1 - smoothing^n, which corrects for its start at 0 (Kingma and
 * Ba, "Adam", 2015).
 */
export class LossAverage {
  readonly #smoothing: number;
  #sum = 0;
  #count = 0;

  /** @param smoothing - share of the earlier average, from 0 to below 1 */
  constructor(smoothing: number) {
    this.#smoothing = smoothing;
  }

  /** Adds a loss and returns the average. */
  add(loss: number): number {
    this.#count++;
    this.#sum = this.#smoothing * this.#sum + (1 - this.#smoothing) * loss;
    return this.#sum / (1 - this.#smoothing ** this.#count);
  }
}
