import { Problems } from "../../base/problems";
import { reaches } from "../decide-labels";
import type { Label, Labels } from "../metrics/targets";
import { countAtThresholds } from "../metrics/threshold-counts";
import type { ThresholdOutcome } from "./threshold-goal";

/** A range of thresholds with the same predictions: above `lower`, up to and including `upper`. */
export interface ThresholdCandidate {
  readonly lower: number;
  readonly upper: number;
  readonly outcome: ThresholdOutcome;
}

/**
 * All ranges of thresholds with different predictions, in ascending order: in the first range every text is predicted
 * positive, in the last one none.
 *
 * @throws TsloraError `bad-input` if scores are not probabilities or only one label occurs.
 */
export function thresholdCandidates(
  where: string,
  yTrue: Labels,
  scores: ArrayLike<number>,
  { posLabel }: { posLabel: Label },
): ThresholdCandidate[] {
  const { thresholds, truePositives, falsePositives } = countAtThresholds(where, yTrue, scores, { posLabel });
  const [highest, lowest] = [thresholds[0], thresholds[thresholds.length - 1]];
  const positives = truePositives[thresholds.length - 1];
  const negatives = yTrue.length - positives;
  const problems = new Problems(where);
  problems.expect(
    highest <= 1 && lowest >= 0,
    `scores must be probabilities from 0 to 1; they reach from ${lowest} to ${highest}`,
  );
  problems.expect(
    positives > 0 && negatives > 0,
    `yTrue must hold both labels; of ${yTrue.length} samples ${positives} are positive (${JSON.stringify(posLabel)})`,
  );
  problems.throwIfAny("bad-input");
  const candidates = thresholds.map((upper, i) => ({
    lower: thresholds[i + 1] ?? 0,
    upper,
    outcome: { truePositives: truePositives[i], falsePositives: falsePositives[i], positives, negatives },
  }));
  const none =
    highest < 1
      ? [{ lower: highest, upper: 1, outcome: { truePositives: 0, falsePositives: 0, positives, negatives } }]
      : []; // no threshold is above the score 1
  return [...candidates.reverse(), ...none];
}

/** Counts at one threshold: a text is predicted positive if its score is at least the threshold. */
export function outcomeAt(
  threshold: number,
  yTrue: Labels,
  scores: ArrayLike<number>,
  posLabel: Label,
): ThresholdOutcome {
  const outcome = { truePositives: 0, falsePositives: 0, positives: 0, negatives: 0 };
  for (let i = 0; i < yTrue.length; i++) {
    const positive = yTrue[i] === posLabel;
    outcome[positive ? "positives" : "negatives"]++;
    if (reaches(scores[i], threshold)) outcome[positive ? "truePositives" : "falsePositives"]++;
  }
  return outcome;
}
