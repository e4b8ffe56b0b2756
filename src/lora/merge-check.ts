import { Random } from "../base/random";
import { TsloraError } from "../base/tslora-error";
import { packDocuments } from "../model/parts/packed-batch";
import type { ClassificationModel } from "../model/classification-model";

/** Comparison of logits before and after `mergeAdapter`. `String(check)` is a sentence. */
export interface MergeCheck {
  /** The adapter that was merged. */
  readonly adapter: string;
  /** Number of layers that were merged. */
  readonly layers: number;
  /** Largest absolute difference of a logit on a small fixed batch of token ids. */
  readonly largestDifference: number;
  /** Largest allowed difference. */
  readonly bound: number;
  /** Number of compared logits. */
  readonly logits: number;
  toString(): string;
}

/** A check with its text. */
export function mergeCheck(values: Omit<MergeCheck, "toString">): MergeCheck {
  const { adapter, layers, largestDifference, bound, logits } = values;
  const text = `Adapter "${adapter}" is in the weights of ${layers} layers: on a fixed batch, ${logits} logits differ by at most ${largestDifference.toExponential(1)} (bound ${bound.toExponential(1)}).`;
  return { ...values, toString: () => text };
}

/**
 * Compares logits before and after merging.
 *
 * @param options.bound - largest allowed difference, by default 1e-4, times the largest absolute logit if that is above
 *   1
 */
export function compareLogits(
  before: Float32Array,
  { after, bound }: { after: Float32Array; bound: number | undefined },
): Pick<MergeCheck, "largestDifference" | "bound" | "logits"> {
  const largest = before.reduce((most, logit) => Math.max(most, Math.abs(logit)), 1);
  const differences = before.map((logit, i) => Math.abs(logit - after[i]));
  return {
    largestDifference: differences.some(Number.isNaN) ? NaN : Math.max(...differences),
    bound: bound ?? 1e-4 * largest,
    logits: before.length,
  };
}

/** The error for adapters that another call changed while a call waited for values of the model or of adapters. */
export function changedMeanwhile(call: string): TsloraError {
  return new TsloraError(
    "bad-input",
    `${call}: another call has changed the adapters meanwhile. Await each call before the next.`,
  );
}

/** The model's logits for a small fixed batch of token ids: four documents of up to 24 tokens. */
export async function probeLogits(model: ClassificationModel): Promise<Float32Array> {
  const { ops, config } = model;
  const random = new Random(20_240_229);
  const longest = Math.min(24, config.maxPositionEmbeddings - 2); // RoBERTa's positions begin at 2
  const lengths = [longest, Math.ceil(longest / 2), Math.ceil(longest / 3), 2];
  const documents = lengths.map((length) =>
    Int32Array.from({ length: Math.max(1, length) }, () => random.below(config.vocabSize)),
  );
  const logits = model.predict(packDocuments(documents));
  try {
    return Float32Array.from(await ops.read(logits));
  } finally {
    ops.dispose(logits);
  }
}
