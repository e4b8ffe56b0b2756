import type { Tensor } from "./tensor";

/** State that a layer normalization keeps for its backward pass. */
export interface LayerNormSaved {
  /** (x - mean) / deviation, of the input's shape. */
  readonly normalized: Tensor;
  /** 1 / deviation, one for each row: [..., 1]. */
  readonly inverseDeviation: Tensor;
}

/** Result of {@link Primitives.layerNorm}. */
export interface LayerNormResult {
  readonly y: Tensor;
  readonly saved: LayerNormSaved;
}

/** One draw of dropout (Srivastava et al., 2014): which elements are dropped is a function of `seed` alone. */
export interface Drop {
  /** Probability that an element is dropped. */
  readonly rate: number;
  /** Two 32-bit integers. */
  readonly seed: readonly [number, number];
}

/** Operands to transpose. */
export interface MatMulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** Whether the derivative is requested. */
export interface GeluOptions {
  readonly derivative: boolean;
}

/** GELU, and its derivative if requested. */
export interface GeluResult {
  readonly y: Tensor;
  readonly derivative?: Tensor;
}

/** Whether summed axes stay, with size 1. */
export interface SumOptions {
  readonly keepDims?: boolean;
}

/** Dropout masks in a form that takes less memory than floats. */
export interface Marks {
  draw(shape: readonly number[], drop: Drop): Tensor;
  /** x where the mark keeps an element, else 0. */
  keep(x: Tensor, mark: Tensor): Tensor;
}

/** Counts of recorded operations. */
export interface RecordingCounts {
  /** Graph functions that TensorFlow has now. */
  readonly functions: number;
  /**
   * Functions that were recorded so far: one for each sequence of operations, and one more whenever a constant turns
   * out to change.
   */
  readonly recorded: number;
  /** Calls of functions so far. */
  readonly calls: number;
  /** Seconds that recording took so far. */
  readonly recordingSeconds: number;
  /** Number of times that each operation was executed at once, since it cannot be recorded. */
  readonly notRecorded: ReadonlyMap<string, number>;
}

/** Ops that record operations and run them together. */
export interface Recording {
  /** Runs what was recorded since the last call, as one function. Reading a tensor does so too. */
  flush(): void;
  /** Runs it if the disposed tensors that it still reads take more than so many bytes. */
  relieve(bytes: number): void;
  counts(): RecordingCounts;
  /** Starts a scope. The returned function ends it, and frees the functions recorded since. */
  scope(): () => void;
}

/** Making, reading and disposing of tensors. */
export interface TensorLifetimes {
  /** Frees tensors. Ignores `undefined`. */
  readonly dispose: (...tensors: readonly (Tensor | undefined)[]) => void;
  /** Number of live tensors of these ops; constant over training steps. */
  readonly alive: () => number;
  /**
   * Runs `body` and disposes of every tensor made in it except those in its result (found in nested records and
   * arrays), which go to the enclosing `tidy`, or else to the caller.
   */
  readonly tidy: <T>(body: () => T) => T;
  /** Runs `body` outside of every open `tidy`. The caller owns the result: no enclosing scope disposes of it. */
  readonly escape: <T>(body: () => T) => T;
  /** Disposes of every tensor found in nested records and arrays. */
  readonly disposeIn: (container: object) => void;
}

/**
 * The tensor operations that each device implements, all in 32-bit floats. `composed` builds the other operations from
 * these. Methods can be called without `this`.
 *
 * Element-wise operations broadcast as NumPy does. No operation disposes of its arguments.
 */
export interface Primitives extends TensorLifetimes {
  readonly name: "tensorflow" | "tfjs";
  /** Names how dropout masks are drawn. Ops with different names give different runs for the same seed. */
  readonly draws: string;
  /** Whether numbers in bfloat16 make products faster on this device; "none": it has no such numbers. */
  readonly bfloat16: "fast" | "slow" | "none";
  /** Missing where each operation is executed at once. */
  readonly recording?: Recording | undefined;

  /** A tensor of floats. The caller must not change `values` afterwards: the device may still read them. */
  float(values: Float32Array, shape: readonly number[]): Tensor;
  /** A tensor of 32-bit integers, for indices. */
  int(values: Int32Array, shape: readonly number[]): Tensor;
  /** The numbers of a float tensor, row by row. The only operation that waits for the device. */
  read(x: Tensor): Promise<Float32Array>;

  add(a: Tensor, b: Tensor): Tensor;
  sub(a: Tensor, b: Tensor): Tensor;
  mul(a: Tensor, b: Tensor): Tensor;
  div(a: Tensor, b: Tensor): Tensor;
  /** x times a number. */
  scale(x: Tensor, factor: number): Tensor;
  /** x plus a number. */
  shift(x: Tensor, offset: number): Tensor;
  square(x: Tensor): Tensor;
  sqrt(x: Tensor): Tensor;
  /** x to the power of a number; x must be at least 0. */
  pow(x: Tensor, exponent: number): Tensor;
  tanh(x: Tensor): Tensor;
  relu(x: Tensor): Tensor;
  /** dy where y > 0, else 0. */
  reluBackward(dy: Tensor, y: Tensor): Tensor;
  /** The exact GELU (Hendrycks and Gimpel, 2016), x Phi(x), and its derivative at x if requested. */
  gelu(x: Tensor, options: GeluOptions): GeluResult;

  /** Matrix product of the last two axes; leading axes are batches and must be equal. */
  matMul(a: Tensor, b: Tensor, options?: MatMulOptions): Tensor;
  /**
   * x rounded to bfloat16 (8 bits of precision, the range of a float). Only `matMulBfloat16` takes the result.
   *
   * @throws TsloraError `unsupported` if the backend has no bfloat16
   */
  toBfloat16(x: Tensor): Tensor;
  /**
   * The product of two matrices from `toBfloat16`, summed in 32 bits and rounded to bfloat16 at the end; a float
   * tensor.
   */
  matMulBfloat16(a: Tensor, b: Tensor): Tensor;
  /** x + bias along the last axis. */
  addBias(x: Tensor, bias: Tensor): Tensor;
  /** The sum of tensors of one shape. */
  addN(parts: readonly Tensor[]): Tensor;
  sum(x: Tensor, axes: readonly number[], options?: SumOptions): Tensor;
  /** Along the last axis. */
  softmax(x: Tensor): Tensor;
  /** Along the last axis. */
  logSoftmax(x: Tensor): Tensor;
  /** Over the last axis: (x - mean) / sqrt(variance + epsilon) * gamma + beta (Ba et al., 2016). */
  layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): LayerNormResult;
  /** The gradient of a layer normalization's input. */
  layerNormBackward(dy: Tensor, gamma: Tensor, saved: LayerNormSaved): Tensor;
  /**
   * Singular values, descending, and vectors of a matrix [m, n]: x = u diag(s) v', with u [m, k], s [k], v [n, k] and
   * k = min(m, n). Computed in double precision; the signs depend on the implementation.
   */
  svd(x: Tensor): { u: Tensor; s: Tensor; v: Tensor };
  /**
   * x [m, n] = q r, q [m, k] with orthonormal columns, r [k, n] upper triangular, k = min(m, n). The signs depend on
   * the implementation.
   */
  qr(x: Tensor): { q: Tensor; r: Tensor };
  /**
   * Dropout's mask: each element is 0 with probability `drop.rate`, else `kept` (1 by default). A draw depends on the
   * seed alone.
   */
  keepMask(shape: readonly number[], drop: Drop, kept?: number): Tensor;
  /** Masks for attention. @default masks of floats from `keepMask` */
  readonly marks?: Marks;

  reshape(x: Tensor, shape: readonly number[]): Tensor;
  transpose(x: Tensor, permutation: readonly number[]): Tensor;
  /** Rows [begin, begin + count) of the first axis. */
  sliceRows(x: Tensor, begin: number, count: number): Tensor;
  /** Splits x into consecutive parts: part i has `rows[i]` rows, and all parts together have all rows. */
  splitRows(x: Tensor, rows: readonly number[]): Tensor[];
  /** Concatenates tensors along the first axis. */
  concatRows(parts: readonly Tensor[]): Tensor;
  /** Rows of x by index: [indices, ...]. */
  gatherRows(x: Tensor, indices: Tensor): Tensor;
  /** Adds each row of `updates`, at its index, to a zero tensor of `rows` rows. */
  scatterRows(updates: Tensor, indices: Tensor, rows: number): Tensor;
}
