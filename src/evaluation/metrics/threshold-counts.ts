import { TsloraError } from "../../base/tslora-error";
import { readSampleWeight, type WeightOptions } from "./sample-weight";
import { checkLabels, uniqueLabels, type Label, type Labels } from "./targets";

/** Counts of true and false positives at every distinct threshold, from the highest down. */
export interface ThresholdCounts {
  /** The distinct scores, descending. A sample is predicted positive if its score is at least the threshold. */
  readonly thresholds: readonly number[];
  readonly truePositives: readonly number[];
  readonly falsePositives: readonly number[];
}

/**
 * Counts true and false positives, or their weights, at each distinct score. Leaves out samples of weight 0.
 *
 * @throws TsloraError `bad-input` if lengths differ, a score is not finite, or it is unclear which label is positive.
 */
export function countAtThresholds(
  where: string,
  yTrue: Labels,
  yScore: ArrayLike<number>,
  options: WeightOptions & { posLabel?: Label },
): ThresholdCounts {
  if (yTrue.length !== yScore.length)
    throw new TsloraError(
      "bad-input",
      `${where}: yTrue and yScore must be equally long; got ${yTrue.length} and ${yScore.length}.`,
    );
  if (yTrue.length === 0) throw new TsloraError("bad-input", `${where}: there must be at least one sample; got none.`);
  checkLabels(where, "yTrue", yTrue);
  for (let i = 0; i < yScore.length; i++) {
    if (!Number.isFinite(yScore[i]))
      throw new TsloraError(
        "bad-input",
        `${where}: scores must be finite numbers; ${String(yScore[i])} is at index ${i}.`,
      );
  }
  const positive = positiveLabelOf(where, uniqueLabels(yTrue), options.posLabel);
  const weights = readSampleWeight(where, options.sampleWeight, yTrue.length);
  const counted = Array.from({ length: yScore.length }, (_, i) => i).filter((i) => weights?.[i] !== 0);
  const falling = counted.sort((a, b) => yScore[b] - yScore[a]);
  const thresholds: number[] = [];
  const truePositives: number[] = [];
  const falsePositives: number[] = [];
  let right = 0;
  let wrong = 0;
  falling.forEach((sample, rank) => {
    if (yTrue[sample] === positive) right += weights?.[sample] ?? 1;
    else wrong += weights?.[sample] ?? 1;
    const next = falling[rank + 1];
    if (next !== undefined && yScore[next] === yScore[sample]) return;
    thresholds.push(yScore[sample]);
    truePositives.push(right);
    falsePositives.push(wrong);
  });
  return { thresholds, truePositives, falsePositives };
}

/** The positive label: the given one, else 1 if the labels are of {0, 1} or {-1, 1}. */
export function positiveLabelOf(where: string, labels: readonly Label[], given: Label | undefined): Label {
  const known = labels.map((label) => JSON.stringify(label)).join(", ");
  if (given !== undefined) {
    if (labels.length > 1 && !labels.includes(given))
      throw new TsloraError("bad-option", `${where}: posLabel must be one of ${known}; got ${JSON.stringify(given)}.`);
    return given;
  }
  const binary = [
    [0, 1],
    [-1, 1],
  ].some((pair) => labels.every((label) => typeof label === "number" && pair.includes(label)));
  if (!binary)
    throw new TsloraError(
      "bad-input",
      `${where}: labels must be {0, 1} or {-1, 1}; got ${known}. Name the positive one by posLabel.`,
    );
  return 1;
}
