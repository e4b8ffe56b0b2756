import type { Ops } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";

/** A weight's tensor, and how it is made again from what holds the same numbers; or that alone. */
type Held =
  | { readonly kind: "here"; readonly value: Tensor; readonly restore?: () => Tensor }
  | { readonly kind: "aside"; readonly restore: () => Tensor };

/** A weight of the model: the owner of its tensor. */
export class Parameter {
  readonly #ops: Ops;
  #held: Held;
  #handedOut = false;
  #version = 0;
  readonly shape: readonly number[];
  /** Whether training changes it. */
  trainable = false;
  /** Whether its numbers are those that loading drew at random: nothing has trained or replaced them since. */
  drawn = false;

  /**
   * @param name - its name in the checkpoint, after transformers' or peft's naming
   * @param value - taken over: this parameter disposes of it
   */
  constructor(
    ops: Ops,
    readonly name: string,
    value: Tensor,
  ) {
    this.#ops = ops;
    this.#held = { kind: "here", value };
    this.shape = value.shape;
  }

  /** The weight, which stays this parameter's. Whoever needs it for one call only asks by `lend` or `read`. */
  get value(): Tensor {
    this.#handedOut = true;
    if (this.#held.kind === "aside")
      this.#held = { ...this.#held, kind: "here", value: this.#ops.escape(this.#held.restore) };
    return this.#held.value;
  }

  /** Counts the assignments: whoever keeps something computed from the value sees by it that it is stale. */
  get version(): number {
    return this.#version;
  }

  /** Calls `use` with the value, which may be gone afterwards; what it makes is the caller's. */
  lend<T>(use: (value: Tensor) => T): T {
    const held = this.#held;
    return held.kind === "here" ? use(held.value) : this.#ops.tidy(() => use(held.restore()));
  }

  /** The weight's numbers. */
  async read(): Promise<Float32Array> {
    const held = this.#held;
    if (held.kind === "here") return this.#ops.read(held.value);
    const value = this.#ops.escape(held.restore);
    try {
      return await this.#ops.read(value);
    } finally {
      this.#ops.dispose(value);
    }
  }

  /**
   * Lets go of the tensor where others hold the same numbers in another order, so that they are not in memory twice.
   * One that was handed out by `value` stays.
   *
   * @param restore - makes the same tensor again, to the bit; may be called until another value is assigned
   */
  setAside(restore: () => Tensor): void {
    if (this.#handedOut || this.#held.kind === "aside") return;
    this.#ops.dispose(this.#held.value);
    this.#held = { kind: "aside", restore };
  }

  /** Lets go again of a tensor that was handed out and that no one holds any more. */
  takeBack(): void {
    this.#handedOut = false;
    if (this.#held.kind === "here" && this.#held.restore !== undefined) this.setAside(this.#held.restore);
  }

  /** Replaces the value by a new one, which it takes over. */
  assign(value: Tensor): void {
    if (value.shape.join() !== this.shape.join())
      throw new RangeError(
        `${this.name} must have a value of the shape [${this.shape.join(", ")}]; got [${value.shape.join(", ")}].`,
      );
    this.dispose();
    this.#held = { kind: "here", value };
    this.drawn = false;
    this.#version++;
  }

  dispose(): void {
    if (this.#held.kind === "here") this.#ops.dispose(this.#held.value);
  }
}

/** Weights that replace a model's own, by those, such as an adapter's copy of the head. */
export type Substitutes = ReadonlyMap<Parameter, Parameter>;
