const LEAST = 32 * 2 ** 20;
const MOST = 256 * 2 ** 20;

/**
 * Limits memory and time of interpreting a file's pickles: estimates what values take, and counts every opcode. The
 * limit is the file's size, at least 32 MiB and at most 256 MiB; the pickle of a large model takes less than one.
 */
export class Allowance {
  readonly #limit: number;
  readonly #exceeded: (limit: number) => Error;
  #left: number;

  constructor(fileSize: number, exceeded: (limit: number) => Error) {
    this.#limit = Math.min(Math.max(fileSize, LEAST), MOST);
    this.#left = this.#limit;
    this.#exceeded = exceeded;
  }

  /** Counts bytes. @throws the error of the constructor if they exceed what is left */
  spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw this.#exceeded(this.#limit);
  }
}
