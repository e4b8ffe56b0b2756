import type { Ops } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";

/**
 * A weight whose tensor is in memory ("here"), or was freed ("aside"). `restore` makes the tensor again from another
 * one that holds the same numbers.
 */
type Held =
  | { readonly kind: "here"; readonly value: Tensor; readonly restore?: () => Tensor }
  | { readonly kind: "aside"; readonly restore: () => Tensor };

/** A weight of the model. It owns its tensor. */
export class Parameter {
  readonly #ops: Ops;
  #held: Held;
  #handedOut = false;
  #version = 0;
  readonly shape: readonly number[];
  /** Whether training changes it. */
  trainable = false;
  /** Whether loading drew the weight at random, and it has not been trained or replaced since. */
  drawn = false;

  /**
   * @param name - its name in the checkpoint, as transformers or peft name it
   * @param value - the tensor, which this parameter owns from now on
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

  /**
   * The weight's tensor, which this parameter owns and keeps in memory from now on. For a single use, call `lend` or
   * `read`, which need not keep it.
   */
  get value(): Tensor {
    this.#handedOut = true;
    if (this.#held.kind === "aside")
      this.#held = { ...this.#held, kind: "here", value: this.#ops.escape(this.#held.restore) };
    return this.#held.value;
  }

  /** Number of assignments. A tensor that was computed from the value is stale once this number has changed. */
  get version(): number {
    return this.#version;
  }

  /** Calls `use` with the value, which may be freed afterwards. The caller owns what `use` returns. */
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
   * Frees the tensor, since another one, such as a packed copy, holds the same numbers. Does nothing if `value` has
   * been read, since its reader may still use the tensor.
   *
   * @param restore - makes the same tensor again, bit for bit; is called at most until another value is assigned
   */
  setAside(restore: () => Tensor): void {
    if (this.#handedOut || this.#held.kind === "aside") return;
    this.#ops.dispose(this.#held.value);
    this.#held = { kind: "aside", restore };
  }

  /** Frees a restored tensor again. Tensors that `value` has returned must not be used any longer. */
  takeBack(): void {
    this.#handedOut = false;
    if (this.#held.kind === "here" && this.#held.restore !== undefined) this.setAside(this.#held.restore);
  }

  /** Replaces the value with a new one, which this parameter owns from now on. */
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

  /**
   * Replaces the value by one that `restore` makes when it is needed, and frees the tensor. No one may use a tensor
   * that `value` handed out any more.
   */
  assignAside(restore: () => Tensor): void {
    this.dispose();
    this.#held = { kind: "aside", restore };
    this.#handedOut = false;
    this.#version++;
  }

  dispose(): void {
    if (this.#held.kind === "here") this.#ops.dispose(this.#held.value);
  }
}

/** Maps a model's own weights to their replacements, such as an adapter's copy of the head. */
export type Substitutes = ReadonlyMap<Parameter, Parameter>;
