import type { Tensor } from "./tensor";

/** State that a layer normalization keeps for its backward pass. */
export interface LayerNormSaved {
  /** (x - mean) / deviation, of the input's shape. */
  readonly normalized: Tensor;
  /** 1 / deviation, one for each row: [..., 1]. */
  readonly inverseDeviation: Tensor;
}

/**
 * One draw of dropout (Srivastava et al., 2014): what is dropped, with probability `rate`, is a function of `seed`
 * alone.
 */
export interface Drop {
  readonly rate: number;
  /** Two 32-bit integers. */
  readonly seed: readonly [number, number];
}

/** State that dropout keeps for its backward pass. */
export interface DropoutSaved extends Drop {
  /** 0 or 1 / (1 - rate), of the input's shape; undefined where the draw is cheaper made again than kept. */
  readonly mask?: Tensor;
}

/** State that {@link Ops.residualNorm} keeps for its backward pass. */
export interface ResidualNormSaved extends LayerNormSaved {
  readonly dropout?: DropoutSaved;
}

/** Documents of one length whose tokens lie one behind the other in rows [rows, width]. */
export interface LengthGroup {
  /** The first of their rows. */
  readonly row: number;
  /** The first of them among all documents. */
  readonly document: number;
  readonly documents: number;
  /** Tokens in each. */
  readonly length: number;
}

/** How attention is laid out: within each document. */
export interface AttentionLayout {
  readonly heads: number;
  readonly groups: readonly LengthGroup[];
  /** Where the queries stand: at every token, or at each document's first token alone. */
  readonly span: "every-token" | "first-token";
}

/** State that attention keeps for its backward pass. */
export interface AttentionSaved {
  readonly layout: AttentionLayout;
  /** One tensor for each block of documents, or one for all; the implementation decides. */
  readonly parts: readonly {
    readonly q: Tensor;
    readonly k: Tensor;
    readonly v: Tensor;
    readonly weights: Tensor;
    readonly mark?: Tensor | undefined;
    readonly context: Tensor;
    readonly dropout?: DropoutSaved | undefined;
  }[];
}

/** Inputs of {@link Ops.poolTokens}. */
export interface PoolInputs {
  /** [rows, width] */
  readonly x: Tensor;
  /** Queries, one a head in each document, through the key's weights: [documents, heads, width]. */
  readonly u: Tensor;
  /** An addend of the keys, y [rows, width], and its queries, q [documents, width]. */
  readonly key?: { readonly q: Tensor; readonly y: Tensor };
  /** An addend of the values, [rows, width]. */
  readonly value?: Tensor;
}

/** State that it keeps for its backward pass. */
export interface PoolSaved {
  readonly layout: AttentionLayout;
  readonly inputs: PoolInputs;
  /** One tensor for each block of documents, or one for all; the implementation decides. */
  readonly parts: readonly {
    readonly weights: Tensor;
    readonly kept?: Tensor | undefined;
    readonly dropout?: DropoutSaved | undefined;
  }[];
}

/** A matrix [in, out] laid out as {@link Ops.product} takes its right side. */
export interface PackedMatrix {
  readonly laid: Tensor;
  /** [in, out] */
  readonly shape: readonly [number, number];
}

/** Two matrices that are multiplied: x [rows, in] and w [in, out]. */
export interface Factors {
  readonly x: Tensor;
  readonly w: PackedMatrix;
}

/** Further inputs of a product: addends, and a final factor; all [rows, out]. */
export interface ProductOptions {
  readonly plus?: readonly Tensor[];
  readonly times?: Tensor;
}

/** An update of a low rank, low b': low [rows, r], b [out, r]. */
export interface LowRank {
  readonly low: Tensor;
  readonly b: Tensor;
}

/**
 * The primitive tensor operations that the encoder is written over, all in 32-bit floats. There are three
 * implementations: `KernelOps`, raw calls into TensorFlow with kernels of our own for the processor; `TensorflowOps`,
 * TensorFlow's operations alone, which run on a GPU too; and `TfjsOps`, which runs on any tfjs backend and checks the
 * others.
 *
 * Element-wise operations broadcast as NumPy does. No operation disposes of its arguments.
 */
export interface Ops {
  readonly name: "tensorflow" | "tfjs";
  /** How dropout's draws are made: under another way the same seed gives another run. */
  readonly draws: string;

  /** A tensor of floats. `values` are no longer the caller's to change: the device may go on reading them. */
  float(values: Float32Array, shape: readonly number[]): Tensor;
  /** A tensor of 32-bit integers, for indices. */
  int(values: Int32Array, shape: readonly number[]): Tensor;
  /** The numbers of a float tensor, row by row. The one operation that waits for the device. */
  read(x: Tensor): Promise<Float32Array>;
  /** Gives tensors back to the device. `undefined` is passed over. */
  dispose(...tensors: readonly (Tensor | undefined)[]): void;
  /** Number of live tensors of these ops; constant over training steps. */
  alive(): number;
  /**
   * Runs `body` and disposes of every tensor made in it except those in its result (found in nested records and
   * arrays), which go to the enclosing `tidy`, or else to the caller.
   */
  tidy<T>(body: () => T): T;
  /** Runs `body` outside of every open `tidy`: what it returns belongs to the caller, whatever ends meanwhile. */
  escape<T>(body: () => T): T;
  /** Disposes of every tensor found in nested records and arrays. */
  disposeIn(container: object): void;

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
  /** x to the power of a number; x is to be at least 0. */
  pow(x: Tensor, exponent: number): Tensor;
  tanh(x: Tensor): Tensor;
  relu(x: Tensor): Tensor;
  /** dy where y > 0, else 0. */
  reluBackward(dy: Tensor, y: Tensor): Tensor;
  /** The exact GELU of Hendrycks and Gimpel, 2016: x Phi(x), and its derivative at x when asked for. */
  gelu(x: Tensor, options: { derivative: boolean }): { y: Tensor; derivative?: Tensor };

  /** Matrix product of the last two axes; leading axes are batches and must be equal. */
  matMul(a: Tensor, b: Tensor, options?: { transposeA?: boolean; transposeB?: boolean }): Tensor;
  /**
   * x rounded to bfloat16 (8 bits of precision, the range of a float): an operand of `matMulBfloat16` and of nothing
   * else.
   *
   * @throws TsloraError `unsupported` where the device's backend has no such numbers
   */
  toBfloat16(x: Tensor): Tensor;
  /**
   * The product of two matrices from `toBfloat16`, summed in 32 bits and rounded to bfloat16 at the end; a float
   * tensor.
   */
  matMulBfloat16(a: Tensor, b: Tensor): Tensor;
  /** x + bias along the last axis. */
  addBias(x: Tensor, bias: Tensor): Tensor;
  /** w [in, out], or its transpose where that is asked for, as the next four take it: for a matrix that comes often. */
  pack(w: Tensor, options: { transpose: boolean }): PackedMatrix;
  /** Unpacks a matrix, to the bit, with the options that it was packed with. */
  unpack(w: PackedMatrix, options: { transpose: boolean }): Tensor;
  /** (x w + plus + ...) * times: x [rows, in], all else [rows, out]. */
  product(x: Tensor, w: PackedMatrix, options?: ProductOptions): Tensor;
  /** {@link product} of the sum of several. */
  products(pairs: readonly Factors[], options?: ProductOptions): Tensor;
  /** x w + bias, and {@link addLowRank} of it where there is such an update: x [rows, in], w [in, out], bias [out]. */
  affine(x: Tensor, w: PackedMatrix, bias: Tensor, update?: LowRank): Tensor;
  /** {@link gelu} of {@link affine}. */
  affineGelu(
    x: Tensor,
    w: PackedMatrix,
    bias: Tensor,
    options: { derivative: boolean },
  ): { y: Tensor; derivative?: Tensor };
  /** y + low b': y [rows, out], low [rows, r], b [out, r]. */
  addLowRank(y: Tensor, update: LowRank): Tensor;
  /** scaling dropout(x) a': x [rows, in], a [r, in] to low [rows, r]. */
  lower(
    x: Tensor,
    a: Tensor,
    options: { scaling: number; drop: Drop | undefined },
  ): { low: Tensor; dropout?: DropoutSaved };
  /** The gradient of {@link lower} without its scaling for a, [r, in]: dLow' dropout(x), dLow [rows, r]. */
  lowerGradient(dLow: Tensor, x: Tensor, dropout: DropoutSaved | undefined): Tensor;
  /** And that for x, [rows, in]: dLow a where x was kept. */
  lowerBackward(dLow: Tensor, a: Tensor, dropout: DropoutSaved | undefined): Tensor;
  /** The sum of tensors of one shape. */
  addN(parts: readonly Tensor[]): Tensor;
  sum(x: Tensor, axes: readonly number[], options?: { keepDims?: boolean }): Tensor;
  /** Along the last axis. */
  softmax(x: Tensor): Tensor;
  /** Along the last axis. */
  logSoftmax(x: Tensor): Tensor;
  /** Over the last axis: (x - mean) / sqrt(variance + epsilon) * gamma + beta (Ba et al., 2016). */
  layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): { y: Tensor; saved: LayerNormSaved };
  /** The gradient for a layer normalisation's input. */
  layerNormBackward(dy: Tensor, gamma: Tensor, saved: LayerNormSaved): Tensor;
  /** Layer normalisation of residual + dropout(x), all of one shape. */
  residualNorm(
    x: Tensor,
    residual: Tensor,
    options: { gamma: Tensor; beta: Tensor; epsilon: number; drop: Drop | undefined },
  ): { y: Tensor; saved: ResidualNormSaved };
  /** The gradients for the residual and for x of {@link residualNorm}; without dropout they are one tensor. */
  residualNormBackward(dy: Tensor, gamma: Tensor, saved: ResidualNormSaved): { dResidual: Tensor; dx: Tensor };
  /** x / (1 - rate) where it is kept, else 0. */
  dropout(x: Tensor, drop: Drop): { y: Tensor; saved: DropoutSaved };
  dropoutBackward(dy: Tensor, saved: DropoutSaved): Tensor;
  /**
   * Scaled dot-product attention within each document (Vaswani et al., 2017): dropout(softmax(q k' / sqrt(headDim))) v
   * for each head.
   *
   * @param inputs - q [queries, width], k and v [rows, width]
   * @param options.keep - whether a backward pass will follow
   * @returns y [queries, width]
   */
  attention(
    inputs: { q: Tensor; k: Tensor; v: Tensor },
    options: { layout: AttentionLayout; drop: Drop | undefined; keep: boolean },
  ): { y: Tensor; saved: AttentionSaved };
  /**
   * The gradients of {@link attention} for its inputs. By rowsum(dP * P) = rowsum(dO * O) it takes no sum over the
   * weights (Dao et al., FlashAttention, 2022), with dropout too.
   *
   * @param dy - [queries, width]
   * @returns `dk` undefined where it is not asked for
   */
  attentionBackward(
    dy: Tensor,
    saved: AttentionSaved,
    options: { needsKey: boolean },
  ): { dq: Tensor; dk: Tensor | undefined; dv: Tensor };
  /**
   * Attention of one query a head in each document, to keys and values that are not made: with w = dropout(softmax(u x'
   * + what is added to the keys)), for each document and head
   *
   * @param options.keep - whether a backward pass will follow
   * @returns pooled = w x [documents, heads, width], sums of w [documents, heads, 1], and w times what is added to the
   *   values, `update` [documents, width]
   */
  poolTokens(
    inputs: PoolInputs,
    options: { layout: AttentionLayout; drop: Drop | undefined; keep: boolean },
  ): { pooled: Tensor; sums: Tensor; update: Tensor | undefined; saved: PoolSaved };
  /**
   * The gradients of {@link poolTokens}: du [documents, heads, width], dx [rows, width] where it is asked for, and
   * those for what is added to keys and values where something is.
   */
  poolTokensBackward(
    gradients: { dPooled: Tensor; dSums: Tensor; dUpdate: Tensor },
    saved: PoolSaved,
    options: { needsInput: boolean },
  ): { du: Tensor; dx: Tensor | undefined; key: { dq: Tensor; dy: Tensor } | undefined; dValue: Tensor | undefined };
  /**
   * Singular values, falling, and vectors of a matrix [m, n]: x = u diag(s) v', with u [m, k], s [k], v [n, k] and
   * k = min(m, n). Found in double precision; signs are the implementation's.
   */
  svd(x: Tensor): { u: Tensor; s: Tensor; v: Tensor };
  /** x [m, n] = q r, q [m, k] with orthonormal columns, r [k, n] upper triangular, k = min(m, n). Signs as for svd. */
  qr(x: Tensor): { q: Tensor; r: Tensor };
  /**
   * 0 with probability `drop.rate`, else `kept`, by default 1: what dropout keeps. Draws are a function of the seed
   * alone.
   */
  keepMask(shape: readonly number[], drop: Drop, kept?: number): Tensor;

  reshape(x: Tensor, shape: readonly number[]): Tensor;
  transpose(x: Tensor, permutation: readonly number[]): Tensor;
  /** Rows [begin, begin + count) of the first axis. */
  sliceRows(x: Tensor, begin: number, count: number): Tensor;
  /** So many rows of x for each part, one behind the other: all of them together. */
  splitRows(x: Tensor, rows: readonly number[]): Tensor[];
  /** Joined along the first axis. */
  concatRows(parts: readonly Tensor[]): Tensor;
  /** Rows of x by index: [indices, ...]. */
  gatherRows(x: Tensor, indices: Tensor): Tensor;
  /** Zeros of `rows` rows, to which each row of `updates` is added at its index. */
  scatterRows(updates: Tensor, indices: Tensor, rows: number): Tensor;
}
