import type { Tensor } from "./tensor";

/** Moments of AdamW: running means of a gradient and of its square, of the weight's shape. */
export interface AdamMoments {
  readonly m: Tensor;
  readonly v: Tensor;
}

/** Inputs of `Ops.adamStep`. */
export interface AdamInputs {
  readonly value: Tensor;
  readonly gradient: Tensor;
  /** The gradient's factor, a number or a tensor [1]. */
  readonly factor: number | Tensor;
  /** Undefined before the first step. */
  readonly moments: AdamMoments | undefined;
}

/** Options of `Ops.adamStep`. */
export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Number of this step, from 1. */
  readonly step: number;
  readonly learningRate: number;
  /**
   * Factor of the weight before the update, 1 - learningRate * decay; undefined for a weight that does not decay.
   */
  readonly decayFactor: number | undefined;
}

/** Result of `Ops.adamStep`. */
export interface AdamResult {
  readonly value: Tensor;
  readonly moments: AdamMoments;
}
