import { TsloraError } from "../base/tslora-error";
import type { Evaluation } from "./evaluation";

/** True labels and scores of one class, for thresholds and curves. */
export interface BinaryScores {
  /** 1 if the text is of the class, else 0. */
  readonly yTrue: readonly number[];
  /** The class's probability. */
  readonly scores: readonly number[];
}

/**
 * An evaluation's true labels and probabilities of one class against the rest, for `rocCurve`, `precisionRecallCurve`,
 * `tuneThreshold` and similar functions.
 *
 * @param options.label - the class, counted from 0. @default the second of two
 * @throws TsloraError `bad-option` if the class is not one of the evaluation's, or is not given for more than two
 * classes.
 */
export function scoresOf({ labels, predictions }: Evaluation, options: { readonly label?: number } = {}): BinaryScores {
  const label = options.label ?? (labels.length === 2 ? 1 : undefined);
  if (label === undefined || !(label in labels))
    throw new TsloraError(
      "bad-option",
      `scoresOf: label must be a class from 0 to ${labels.length - 1} (${labels.join(", ")}); got ${label ?? "none"}.`,
    );
  return {
    yTrue: predictions.map((p) => (p.yTrue === label ? 1 : 0)),
    scores: predictions.map((p) => p.probabilities[label]),
  };
}
