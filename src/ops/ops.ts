import type { AdamInputs, AdamOptions, AdamResult } from "./adam";
import type { Borrowed } from "./borrowed";
import type { Drop, GeluOptions, GeluResult, LayerNormSaved, Primitives } from "./primitives";
import type { Tensor } from "./tensor";

export type { Drop, LayerNormSaved, Primitives, Recording, RecordingCounts } from "./primitives";

/**
 * An activation: the exact GELU (Hendrycks and Gimpel, 2016), its approximation by tanh (transformers' "gelu_new" and
 * "gelu_pytorch_tanh"), or SiLU, x sigmoid(x).
 */
export type Activation = "gelu" | "gelu-tanh" | "silu";

/** Selects an activation, and whether its derivative is returned. */
export interface ActivationOptions extends GeluOptions {
  /** @default "gelu" */
  readonly activation?: Activation | undefined;
}

/** Options of {@link Ops.gated}. */
export interface GatedOptions {
  readonly activation: Activation;
}

/** Options of {@link Ops.rotary}. */
export interface RotaryOptions {
  readonly heads: number;
  /** Index of each row's token in its document, int [rows]. */
  readonly positions: Tensor;
  /** Cosine and sine of each position's angles: [positions, headDim / 2]. See `rotaryTables`. */
  readonly cos: Tensor;
  readonly sin: Tensor;
  /** Whether to rotate by the negative angles: the backward pass. @default false */
  readonly inverse?: boolean;
}

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
  /** Tokens that are queries: every token, or only the first one of each document. */
  readonly span: "every-token" | "first-token";
  /**
   * The farthest distance between two tokens that attend to each other. Work and memory are then linear in a document's
   * length. @default no limit
   */
  readonly window?: number | undefined;
  /** The scores' factor. @default 1 / sqrt(headDim) */
  readonly scale?: number | undefined;
}

/**
 * The positions' part in disentangled attention (He et al., DeBERTa, 2021). Between query i and key j it adds
 * scale (q_i key[p] + k_j query[p]) to the scores, with p = index[j - i + reach].
 */
export interface RelativePositions {
  /** Projected keys of the relative positions, which queries are multiplied by: [positions, width]. */
  readonly key?: Tensor | undefined;
  /** Projected queries of the relative positions, which keys are multiplied by: [positions, width]. */
  readonly query?: Tensor | undefined;
  /**
   * The row of `key` and `query` for each distance j - i from -reach to reach: 2 reach + 1 numbers. Layers should share
   * one array: devices cache what they derive from it.
   */
  readonly index: Int32Array;
}

/** Inputs of {@link Ops.attention}. Its backward pass reads `bias` and `positions` again: keep them until then. */
export interface AttentionInputs {
  /** [queries, width] */
  readonly q: Tensor;
  /** [rows, width] */
  readonly k: Tensor;
  /** [rows, width] */
  readonly v: Tensor;
  /**
   * An addend of the scaled scores, by head and distance: [heads, 2 reach + 1]. Column j - i + reach is for query i and
   * key j. The reach must be at least that of the longest document, or of the window.
   */
  readonly bias?: Tensor | undefined;
  readonly positions?: RelativePositions | undefined;
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
    /** Missing if the backward pass makes them again. */
    readonly weights?: Tensor | undefined;
    readonly mark?: Tensor | undefined;
    readonly context: Tensor;
    readonly dropout?: DropoutSaved | undefined;
  }[];
  /** The inputs that belong to the caller; missing if attention had neither a window nor relative terms. */
  readonly relative?: Borrowed<Pick<AttentionInputs, "bias" | "positions">> | undefined;
}

/** Result of {@link Ops.attention}: y [queries, width]. */
export interface AttentionResult {
  readonly y: Tensor;
  readonly saved: AttentionSaved;
}

/** Gradients of {@link Ops.attention}'s inputs; those that were not requested are undefined. */
export interface AttentionGradients {
  readonly dq: Tensor;
  readonly dk: Tensor | undefined;
  readonly dv: Tensor;
  /** [heads, 2 reach + 1] */
  readonly dBias?: Tensor | undefined;
  /** [positions, width] each. */
  readonly dPositions?: { readonly key?: Tensor | undefined; readonly query?: Tensor | undefined } | undefined;
}

/** The gradients that {@link Ops.attentionBackward} computes besides those of queries and values. */
export interface AttentionBackwardOptions {
  readonly needsKey: boolean;
  /** @default false */
  readonly needsBias?: boolean | undefined;
  /** Whether the gradients of the positions' keys and queries are requested. @default false */
  readonly needsPositions?: boolean | undefined;
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

/** Numbers that a product's operands are rounded to. Products are summed in 32 bits, whatever they are. */
export type Precision = "float32" | "bfloat16";

/** Options of {@link Ops.pack}. */
export interface PackOptions {
  /** Whether the matrix is packed transposed. */
  readonly transpose: boolean;
  /** With "bfloat16", products with the packed matrix round both operands. @default "float32" */
  readonly precision?: Precision;
}

/** A matrix [in, out] in the layout that {@link Ops.product} takes for its right side. */
export interface PackedMatrix {
  readonly laid: Tensor;
  /** [in, out] */
  readonly shape: readonly [number, number];
  readonly precision: Precision;
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

/** An addend of a product: a low-rank update, or a matrix [rows, out]. */
export type Update = LowRank | { readonly whole: Tensor };

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
 * The tensor operations that the encoder uses, in 32-bit floats but for packed matrices in bfloat16. Four
 * implementations exist: `kernelOps` (TensorFlow and tslora's own kernels, on the processor), `tensorflowOps`
 * (TensorFlow's operations alone, on the processor or a GPU), `webgpuOps` (tslora's programs and tfjs on WebGPU) and
 * `tfjsOps` (any tfjs backend; tests compare the others with it).
 */
export interface Ops extends Primitives {
  /**
   * Packs w [in, out], or its transpose if requested, for the four products below. Worth it if w is used often.
   *
   * @throws TsloraError `unsupported` for "bfloat16", if the device has no such numbers
   */
  pack(w: Tensor, options: PackOptions): PackedMatrix;
  /** Unpacks a matrix of 32-bit floats, bit for bit, with the options that it was packed with. */
  unpack(w: PackedMatrix, options: PackOptions): Tensor;
  /** (x w + plus + ...) * times: x [rows, in], all else [rows, out]. */
  product(x: Tensor, w: PackedMatrix, options?: ProductOptions): Tensor;
  /** (sum of x w over all pairs + plus + ...) * times, as {@link product}. */
  products(pairs: readonly Factors[], options?: ProductOptions): Tensor;
  /** x w + bias, plus the update if there is one: x [rows, in], w [in, out], bias [out] or none. */
  affine(x: Tensor, w: PackedMatrix, bias: Tensor | undefined, update?: Update): Tensor;
  /** An activation, and its derivative at x if requested. */
  gelu(x: Tensor, options: ActivationOptions): GeluResult;
  /** {@link gelu} of {@link affine}. */
  affineGelu(x: Tensor, w: PackedMatrix, bias: Tensor | undefined, options: ActivationOptions): GeluResult;
  /**
   * A gated activation (Shazeer, "GLU variants improve transformer", 2020; GeGLU if it is GELU): x [rows, 2 n] holds a
   * and b side by side; the result [rows, n] is activation(a) b.
   */
  gated(x: Tensor, options: GatedOptions): Tensor;
  /** The gradient of {@link gated}'s x [rows, 2 n] from dy [rows, n] and x. */
  gatedBackward(dy: Tensor, x: Tensor, options: GatedOptions): Tensor;
  /**
   * Rotary position embedding (Su et al., RoFormer, 2021) of queries or keys x [rows, width]. In each head it rotates
   * element i of the first half and element i of the second half by the angle of the row's position.
   */
  rotary(x: Tensor, options: RotaryOptions): Tensor;
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
   * Scaled dot-product attention within each document (Vaswani et al., 2017): dropout(softmax(scale q k')) v for each
   * head, with the window of the layout and the relative terms of the inputs.
   *
   * @throws RangeError if `bias` or `positions` do not fit the layout
   */
  attention(inputs: AttentionInputs, options: AttentionOptions): AttentionResult;
  /**
   * The gradients of {@link attention}. Since rowsum(dP * P) = rowsum(dO * O), also with dropout, it needs no sum over
   * the weights (Dao et al., FlashAttention, 2022).
   *
   * @param dy - [queries, width]
   */
  attentionBackward(dy: Tensor, saved: AttentionSaved, options: AttentionBackwardOptions): AttentionGradients;
  /**
   * Attention with one query for each head and document, without computing keys and values: for each document and head,
   * w = dropout(softmax(u x' + addend of the keys)), pooled = w x. It has no window and no relative terms.
   *
   * @throws RangeError if the layout's window limits attention
   */
  poolTokens(inputs: PoolInputs, options: AttentionOptions): PoolResult;
  /** The gradients of {@link poolTokens}. */
  poolTokensBackward(
    gradients: PooledGradients,
    saved: PoolSaved,
    options: { readonly needsInput: boolean },
  ): PoolGradients;
  /**
   * One step of AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019). Returns a new weight and
   * new moments; the old ones stay the caller's.
   */
  adamStep(inputs: AdamInputs, options: AdamOptions): AdamResult;
}
