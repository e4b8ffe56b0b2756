import type { Binding, OpAttribute } from "../load-tensorflow";
import type { TensorLifetimes } from "../primitives";
import type { Tensor } from "../tensor";

/**
 * The interface to TensorFlow over which the primitives are written. `TensorflowSession` executes each operation;
 * `Recorder` records them. An id names an input of the next operation: it must not be kept.
 */
export interface TensorflowCalls {
  readonly binding: Binding;
  readonly usesGpu: boolean;
  readonly lifetimes: TensorLifetimes;
  /** Runs an operation whose attributes TensorFlow infers from its inputs, or defaults. */
  run(op: string, ...inputs: readonly Tensor[]): Tensor;
  /** Runs an operation with one output. */
  runIds(op: string, inputs: number[], attributes?: readonly OpAttribute[]): Tensor;
  execute(op: string, attributes: readonly OpAttribute[], inputs: number[], outputs: number): Tensor[];
  /** Id of a tensor. */
  idOf(tensor: Tensor): number;
  float(values: Float32Array, shape: readonly number[]): Tensor;
  /** Integers in the host's memory: sizes, seeds and other values that an operation needs before it starts. */
  onHost(values: Int32Array, shape: readonly number[]): Tensor;
  /** Integers for indices, as many as the data has. */
  indices(values: Int32Array, shape: readonly number[]): Tensor;
  /** Id of a vector of integers. */
  integers(values: readonly number[]): number;
  /** Id of one integer. */
  integer(value: number): number;
  /** A scalar, which its user does not own. */
  scalar(value: number): Tensor;
}
