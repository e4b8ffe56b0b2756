import { longestOf } from "../../ops/attention-reach";
import type { LengthGroup, Ops } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { Parameter, Substitutes } from "./parameter";
import type { BackwardPass } from "./pass";

/** MPNet's buckets. transformers uses these values and ignores config.json's. */
const BUCKETS = 32;
const MAX_DISTANCE = 128;

/** The addends of the attention scores in one pass, as its layers read them. */
export interface RelativeAddends {
  /** By head and distance, [heads, 2 reach + 1]; column j - i + reach. */
  readonly bias: Tensor;
  /** The bucket of each distance from -reach to reach, int [2 reach + 1]. */
  readonly buckets: Tensor;
}

/**
 * An addend of the attention scores for each head and bucket of distances (Raffel et al., "T5", 2019), which all layers
 * share.
 */
export class RelativeBias {
  #used: Parameter;

  /** @param table - [buckets, heads] */
  constructor(readonly table: Parameter) {
    this.#used = table;
  }

  get hasTrainables(): boolean {
    return this.#used.trainable;
  }

  /** Replaces the table, or restores the model's own. */
  use(substitutes?: Substitutes): void {
    this.#used = substitutes?.get(this.table) ?? this.table;
  }

  /** The addends for the distances of the longest document. */
  forward(ops: Ops, groups: readonly LengthGroup[]): RelativeAddends {
    const buckets = bucketRows(ops, longestOf(groups) - 1);
    return { bias: ops.tidy(() => ops.transpose(ops.gatherRows(this.#used.value, buckets), [1, 0])), buckets };
  }

  /** Adds the table's gradient from that of the addends [heads, 2 reach + 1] in one layer. */
  addGradient({ ops, gradients }: BackwardPass, dBias: Tensor, { buckets }: RelativeAddends): void {
    gradients.add(this.#used, () =>
      ops.tidy(() => ops.scatterRows(ops.transpose(dBias, [1, 0]), buckets, this.table.shape[0])),
    );
  }

  dispose(): void {
    this.table.dispose();
  }
}

/** The bucket of each distance from -reach to reach, int [2 reach + 1]. */
function bucketRows(ops: Ops, reach: number): Tensor {
  const rows = Int32Array.from({ length: 2 * reach + 1 }, (_, i) => relativeBucket(i - reach));
  return ops.int(rows, [rows.length]);
}

/**
 * The bucket of a distance j - i, as transformers' `relative_position_bucket` finds it in 32-bit floats: half of the
 * buckets for tokens behind, half for tokens ahead; one for each distance up to 7, then wider ones.
 */
export function relativeBucket(distance: number): number {
  const half = BUCKETS / 2;
  const exact = half / 2;
  const far = Math.abs(distance);
  const ahead = distance > 0 ? half : 0;
  if (far < exact) return ahead + far;
  const { fround } = Math;
  const steps = fround(
    fround(fround(Math.log(fround(far / exact))) / fround(Math.log(MAX_DISTANCE / exact))) * (half - exact),
  );
  return ahead + Math.min(exact + Math.trunc(steps), half - 1);
}
