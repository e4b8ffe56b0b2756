import type { Value } from "./operation-rules";

/** Codes of a trace's entries that are no operations. */
export const ARGUMENT = -1;
export const INTEGERS = -2;
export const NUMBER = -3;
export const RESULTS = -4;

/** Length of a vector of integers that is a single one. */
export const ONE = -1;

/** A list of integers that grows. */
class Integers {
  #values = new Int32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const longer = new Int32Array(2 * this.length);
      longer.set(this.#values);
      this.#values = longer;
    }
    this.#values[this.length++] = value;
  }

  get values(): Int32Array {
    return this.#values.subarray(0, this.length);
  }
}

/** A trace as numbers. The arrays are valid until the trace is cleared. */
export interface TraceData {
  /**
   * The entries in order. An argument: {@link ARGUMENT}, type. Constants: {@link INTEGERS}, length; {@link NUMBER}. An
   * operation: kind, number of inputs, inputs, number of outputs. At the end {@link RESULTS}, count, values. Each
   * argument, constant and output is the next value.
   */
  readonly code: Int32Array;
  /** All integers of constants. */
  readonly integers: Int32Array;
  /** The bits of all floats of constants. */
  readonly floatBits: Int32Array;
  readonly floats: Float32Array;
  /** Ids of the arguments. */
  readonly tensors: Int32Array;
}

/** The operations recorded since the last call, as numbers. Sizes of tensors are no part of it. */
export class Trace {
  readonly #code = new Integers();
  readonly #integers = new Integers();
  readonly #floatBits = new Integers();
  readonly #tensors = new Integers();
  #values: Value[] = [];
  readonly #bits = new DataView(new ArrayBuffer(4));

  /** Number of values: arguments, constants and results. */
  get size(): number {
    return this.#values.length;
  }

  value(index: number): Value {
    return this.#values[index];
  }

  argument(value: Value, id: number): number {
    this.#code.push(ARGUMENT);
    this.#code.push(value.dtype);
    this.#tensors.push(id);
    return this.#values.push(value) - 1;
  }

  constant(value: Value & { readonly values: ArrayLike<number> }): number {
    const { values, shape } = value;
    this.#code.push(INTEGERS);
    this.#code.push(shape.length === 0 ? ONE : values.length);
    for (let i = 0; i < values.length; i++) this.#integers.push(values[i]);
    return this.#values.push(value) - 1;
  }

  number(value: Value, float: number): number {
    this.#bits.setFloat32(0, float, true);
    this.#code.push(NUMBER);
    this.#floatBits.push(this.#bits.getInt32(0, true));
    return this.#values.push(value) - 1;
  }

  /** Records an operation. Its first result is the returned value; the others follow. */
  operation(kind: number, inputs: readonly number[], results: readonly Value[]): number {
    this.#code.push(kind);
    this.#code.push(inputs.length);
    for (const input of inputs) this.#code.push(input);
    this.#code.push(results.length);
    const first = this.#values.length;
    this.#values.push(...results);
    return first;
  }

  /** Ends the trace. */
  end(results: readonly number[]): TraceData {
    this.#code.push(RESULTS);
    this.#code.push(results.length);
    for (const result of results) this.#code.push(result);
    const floatBits = this.#floatBits.values;
    return {
      code: this.#code.values,
      integers: this.#integers.values,
      floatBits,
      floats: new Float32Array(floatBits.buffer, floatBits.byteOffset, floatBits.length),
      tensors: this.#tensors.values,
    };
  }

  clear(): void {
    for (const list of [this.#code, this.#integers, this.#floatBits, this.#tensors]) list.length = 0;
    this.#values = [];
  }
}
