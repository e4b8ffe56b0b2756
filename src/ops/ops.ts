import type { Drop, GeluOptions, GeluResult, LayerNormSaved, Primitives } from "./primitives";
import type { Tensor } from "./tensor";

export type { Drop, LayerNormSaved, Primitives } from "./primitives";

/** State that dropout keeps for its backward pass. */
export interface DropoutSaved extends Drop {
  /** 0 or 1 / (1 - rate), of the input's shape; undefined if drawing again is cheaper than keeping the mask. */
  readonly mask?: Tensor;
}

/** Result of {@link Ops.dropout}. */
export interface DropoutResult {
  readonly y: Tensor;
  readonly saved: DropoutSaved;
}

/** Parameters of {@link Ops.residualNorm}, and its dropout. */
export interface ResidualNormOptions {
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly epsilon: number;
  readonly drop: Drop | undefined;
}

/** State that {@link Ops.residualNorm} keeps for its backward pass. */
export interface ResidualNormSaved extends LayerNormSaved {
  readonly dropout?: DropoutSaved;
}

/** Result of {@link Ops.residualNorm}. */
export interface ResidualNormResult {
  readonly y: Tensor;
  readonly saved: ResidualNormSaved;
}

/** Gradients of {@link Ops.residualNorm}'s inputs. Without dropout both fields hold the same tensor. */
export interface ResidualNormGradients {
  readonly dResidual: Tensor;
  readonly dx: Tensor;
}

/** Documents of one length whose tokens are consecutive rows of a matrix [rows, width]. */
export interface LengthGroup {
  /** First row of the group. */
  readonly row: number;
  /** Index of the group's first document among all documents. */
  readonly document: number;
  readonly documents: number;
  /** Tokens per document. */
  readonly length: number;
}

/** Layout of attention, which stays within each document. */
export interface AttentionLayout {
  readonly heads: number;
  readonly groups: readonly LengthGroup[];
  /** Which tokens are queries: every token, or only the first one of each document. */
  readonly span: "every-token" | "first-token";
}

/** Inputs of {@link Ops.attention}. */
export interface AttentionInputs {
  /** [queries, width] */
  readonly q: Tensor;
  /** [rows, width] */
  readonly k: Tensor;
  /** [rows, width] */
  readonly v: Tensor;
}

/** Options of {@link Ops.attention} and {@link Ops.poolTokens}. */
export interface AttentionOptions {
  readonly layout: AttentionLayout;
  readonly drop: Drop | undefined;
  /** Whether a backward pass will follow. */
  readonly keep: boolean;
}

/** State that attention keeps for its backward pass. */
export interface AttentionSaved {
  readonly layout: AttentionLayout;
  /** One for each block of documents, or one for all; the implementation decides. */
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

/** Result of {@link Ops.attention}: y [queries, width]. */
export interface AttentionResult {
  readonly y: Tensor;
  readonly saved: AttentionSaved;
}

/** Gradients of {@link Ops.attention}'s inputs; dk is undefined if not requested. */
export interface AttentionGradients {
  readonly dq: Tensor;
  readonly dk: Tensor | undefined;
  readonly dv: Tensor;
}

/** Inputs of {@link Ops.poolTokens}. */
export interface PoolInputs {
  /** [rows, width] */
  readonly x: Tensor;
  /** Queries times the key's weights, one query for each head and document: [documents, heads, width]. */
  readonly u: Tensor;
  /** y [rows, width] is added to the keys; q [documents, width] holds the queries that y is multiplied by. */
  readonly key?: { readonly q: Tensor; readonly y: Tensor };
  /** Added to the values: [rows, width]. */
  readonly value?: Tensor;
}

/** State that {@link Ops.poolTokens} keeps for its backward pass. */
export interface PoolSaved {
  readonly layout: AttentionLayout;
  readonly inputs: PoolInputs;
  /** One for each block of documents, or one for all; the implementation decides. */
  readonly parts: readonly {
    readonly weights: Tensor;
    readonly kept?: Tensor | undefined;
    readonly dropout?: DropoutSaved | undefined;
  }[];
}

/** Result of {@link Ops.poolTokens}. */
export interface PoolResult {
  /** w x: [documents, heads, width] */
  readonly pooled: Tensor;
  /** Sums of w: [documents, heads, 1] */
  readonly sums: Tensor;
  /** w times the addend of the values: [documents, width]. */
  readonly update: Tensor | undefined;
  readonly saved: PoolSaved;
}

/** Gradients of {@link PoolResult}'s tensors. */
export interface PooledGradients {
  readonly dPooled: Tensor;
  readonly dSums: Tensor;
  readonly dUpdate: Tensor;
}

/** Gradients of {@link PoolInputs}: dx if requested, those of the addends if there are any. */
export interface PoolGradients {
  /** [documents, heads, width] */
  readonly du: Tensor;
  /** [rows, width] */
  readonly dx: Tensor | undefined;
  readonly key: { readonly dq: Tensor; readonly dy: Tensor } | undefined;
  readonly dValue: Tensor | undefined;
}

/** Whether a matrix is packed transposed. */
export interface PackOptions {
  readonly transpose: boolean;
}

/** A matrix [in, out] in the layout that {@link Ops.product} takes for its right side. */
export interface PackedMatrix {
  readonly laid: Tensor;
  /** [in, out] */
  readonly shape: readonly [number, number];
}

/** Two matrices to multiply: x [rows, in] and w [in, out]. */
export interface Factors {
  readonly x: Tensor;
  readonly w: PackedMatrix;
}

/** Further inputs of a product: addends, and a final factor; all [rows, out]. */
export interface ProductOptions {
  readonly plus?: readonly Tensor[];
  readonly times?: Tensor;
}

/** A low-rank update, low b': low [rows, r], b [out, r]. */
export interface LowRank {
  readonly low: Tensor;
  readonly b: Tensor;
}

/** Options of {@link Ops.lower}. */
export interface LowerOptions {
  readonly scaling: number;
  readonly drop: Drop | undefined;
}

/** Result of {@link Ops.lower}: low [rows, r]. */
export interface LowerResult {
  readonly low: Tensor;
  readonly dropout?: DropoutSaved;
}

/**
 * The tensor operations that the encoder uses, all in 32-bit floats. Four implementations exist: `kernelOps`
 * (TensorFlow and tslora's own kernels, on the processor), `tensorflowOps` (TensorFlow's operations alone, on the
 * processor or a GPU), `webgpuOps` (tfjs on WebGPU) and `tfjsOps` (any tfjs backend; tests compare the others with it).
 */
export interface Ops extends Primitives {
  /** Packs w [in, out], or its transpose if requested, for the four products below. Worth it if w is used often. */
  pack(w: Tensor, options: PackOptions): PackedMatrix;
  /** Unpacks a matrix, bit for bit, with the options that it was packed with. */
  unpack(w: PackedMatrix, options: PackOptions): Tensor;
  /** (x w + plus + ...) * times: x [rows, in], all else [rows, out]. */
  product(x: Tensor, w: PackedMatrix, options?: ProductOptions): Tensor;
  /** (sum of x w over all pairs + plus + ...) * times, as {@link product}. */
  products(pairs: readonly Factors[], options?: ProductOptions): Tensor;
  /** x w + bias, plus the low-rank update if there is one: x [rows, in], w [in, out], bias [out]. */
  affine(x: Tensor, w: PackedMatrix, bias: Tensor, update?: LowRank): Tensor;
  /** {@link gelu} of {@link affine}. */
  affineGelu(x: Tensor, w: PackedMatrix, bias: Tensor, options: GeluOptions): GeluResult;
  /** y + low b': y [rows, out], low [rows, r], b [out, r]. */
  addLowRank(y: Tensor, update: LowRank): Tensor;
  /** scaling dropout(x) a': x [rows, in], a [r, in] to low [rows, r]. */
  lower(x: Tensor, a: Tensor, options: LowerOptions): LowerResult;
  /** Gradient of a in {@link lower}, without the scaling: dLow' dropout(x), with dLow [rows, r], is [r, in]. */
  lowerGradient(dLow: Tensor, x: Tensor, dropout: DropoutSaved | undefined): Tensor;
  /** Gradient of x in {@link lower}, without the scaling: dLow a, under the same dropout as x, is [rows, in]. */
  lowerBackward(dLow: Tensor, a: Tensor, dropout: DropoutSaved | undefined): Tensor;
  /** Layer normalization of residual + dropout(x), all of one shape. */
  residualNorm(x: Tensor, residual: Tensor, options: ResidualNormOptions): ResidualNormResult;
  /** The gradients of {@link residualNorm}. */
  residualNormBackward(dy: Tensor, gamma: Tensor, saved: ResidualNormSaved): ResidualNormGradients;
  /** x / (1 - rate) where it is kept, else 0. */
  dropout(x: Tensor, drop: Drop): DropoutResult;
  dropoutBackward(dy: Tensor, saved: DropoutSaved): Tensor;
  /**
   * Scaled dot-product attention within each document (Vaswani et al., 2017): dropout(softmax(q k' / sqrt(headDim))) v
   * for each head.
   */
  attention(inputs: AttentionInputs, options: AttentionOptions): AttentionResult;
  /**
   * The gradients of {@link attention}. Since rowsum(dP * P) = rowsum(dO * O), also with dropout, it needs no sum over
   * the weights (Dao et al., FlashAttention, 2022).
   *
   * @param dy - [queries, width]
   */
  attentionBackward(dy: Tensor, saved: AttentionSaved, options: { readonly needsKey: boolean }): AttentionGradients;
  /**
   * Attention with one query for each head and document, without computing keys and values: for each document and head,
   * w = dropout(softmax(u x' + addend of the keys)), pooled = w x.
   */
  poolTokens(inputs: PoolInputs, options: AttentionOptions): PoolResult;
  /** The gradients of {@link poolTokens}. */
  poolTokensBackward(
    gradients: PooledGradients,
    saved: PoolSaved,
    options: { readonly needsInput: boolean },
  ): PoolGradients;
}
