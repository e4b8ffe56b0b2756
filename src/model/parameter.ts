import type { Ops } from "../device/ops";
import type { Tensor } from "../device/tensor";

/** A weight of the model: the owner of its tensor. */
export class Parameter {
  readonly #ops: Ops;
  #value: Tensor;
  #version = 0;
  /** Whether training changes it. */
  trainable = false;

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
    this.#value = value;
  }

  get value(): Tensor {
    return this.#value;
  }

  get shape(): readonly number[] {
    return this.#value.shape;
  }

  /** Counts the assignments: whoever keeps something computed from the value sees by it that it is stale. */
  get version(): number {
    return this.#version;
  }

  /** Puts a new value, which is taken over, in the place of the old one. */
  assign(value: Tensor): void {
    if (value.shape.join() !== this.shape.join()) throw new RangeError(`${this.name} has the shape [${this.shape.join(", ")}]; a value of [${value.shape.join(", ")}] came.`);
    this.#ops.dispose(this.#value);
    this.#value = value;
    this.#version++;
  }

  dispose(): void {
    this.#ops.dispose(this.#value);
  }
}

/** Weights that stand in for a model's own, by those: an adapter's copy of the head, for instance. */
export type Substitutes = ReadonlyMap<Parameter, Parameter>;
