import "./node-shims";

import type * as tfjs from "@tensorflow/tfjs-node-gpu";

import { setUpCommand } from "../base/places";
import { TsloraError } from "../base/tslora-error";

/** The part of tfjs-node's binding to TensorFlow's C library that tslora uses. */
export interface Binding {
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_Version: string;
  createTensor(shape: number[], dtype: number, values: Float32Array | Int32Array): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  executeOp(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: number[],
    outputs: number,
  ): { id: number; shape: number[]; dtype: number }[];
  isUsingGpuDevice(): boolean;
  /** Adds a graph function to TensorFlow (`kernels/functions/module.cc`). */
  defineFunction(name: string, parts: FunctionParts): BoundFunction;
  /** Runs a function once. Returns the ids of its results. */
  runFunction(of: BoundFunction, tensors: Int32Array, integers: Int32Array, floats: Float32Array): Int32Array;
  removeFunction(of: BoundFunction): void;
  /** Number of operations and functions that TensorFlow has executed in this process. */
  executions(): number;
}

declare const bound: unique symbol;
/** A graph function in TensorFlow. */
export interface BoundFunction {
  readonly [bound]: true;
}

/** A graph function. Its values are numbered: arguments, then constants, then the outputs of operations, in order. */
export interface FunctionParts {
  /** Types of the arguments: tensors, then vectors of integers, then a vector of floats if there are any. */
  readonly arguments: Int32Array;
  readonly constants: readonly { readonly sizes: Int32Array; readonly values: Int32Array | Float32Array }[];
  readonly operations: readonly {
    readonly op: string;
    readonly attributes: readonly OpAttribute[];
    /** Values; an array for a list of tensors. */
    readonly inputs: readonly (number | readonly number[])[];
    readonly outputs: number;
  }[];
  /** The values that are returned. */
  readonly outputs: Int32Array;
  /** Pairs of place and length among a call's integers; a length of -1 means one integer. */
  readonly integers: Int32Array;
  /** Places among a call's floats. */
  readonly floats: Int32Array;
  /** A serialized ConfigProto, each byte as a character. */
  readonly config: string;
  /** Name of TensorFlow's executor; the default if it is empty. */
  readonly executor: string;
}

/** An attribute of a raw op. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | readonly number[];
}

/** TensorFlow as loaded: tfjs's API and the binding under it. */
export interface TensorFlow {
  readonly tf: typeof tfjs;
  readonly binding: Binding;
  readonly version: string;
  readonly usesGpu: boolean;
}

let loaded: TensorFlow | undefined;

/**
 * Loads TensorFlow for Node, once per process.
 *
 * @throws TsloraError `device` when the binding is missing or its library does not load.
 */
export function loadTensorFlow(): TensorFlow {
  if (loaded !== undefined) return loaded;
  let tf: typeof tfjs;
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded at first use: loading takes 0.3 s
    tf = require("@tensorflow/tfjs-node-gpu") as typeof tfjs;
  } catch (error) {
    if (error instanceof TsloraError) throw error; // it is not set up
    throw new TsloraError(
      "device",
      `TensorFlow could not be loaded: ${error instanceof Error ? error.message : String(error)}\nRun \`${setUpCommand()}\`, which builds what is missing.`,
      { cause: error },
    );
  }
  if (tf.getBackend() !== "tensorflow") {
    throw new TsloraError(
      "device",
      `tfjs's backend must be "tensorflow"; got "${tf.getBackend()}". Run \`${setUpCommand()}\`.`,
    );
  }
  const { binding } = tf.backend() as unknown as { binding: Binding };
  loaded = { tf, binding, version: binding.TF_Version, usesGpu: binding.isUsingGpuDevice() };
  return loaded;
}
