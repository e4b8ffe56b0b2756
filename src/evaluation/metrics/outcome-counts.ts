import { TsloraError } from "../../base/tslora-error";
import { checkLabels, indexLabels, type Label, type Targets } from "./targets";

/** How often each of some labels was right, predicted and true. */
export interface OutcomeCounts {
  readonly labels: readonly Label[];
  readonly truePositives: readonly number[];
  readonly predicted: readonly number[];
  readonly actual: readonly number[];
}

/**
 * Counts outcomes for each label; other labels than those asked for are left out of the counts.
 *
 * @param options.labels - which labels, in which order; those that occur by default
 * @throws TsloraError `bad-option` when `labels` is empty or of another kind than the samples' labels.
 */
export function countOutcomes(where: string, targets: Targets, options: { labels?: readonly Label[] }): OutcomeCounts {
  const labels = options.labels ?? targets.labels;
  checkSelection(where, labels, targets);
  const truePositives = new Array<number>(targets.labels.length).fill(0);
  const predicted = [...truePositives];
  const actual = [...truePositives];
  for (let i = 0; i < targets.yTrue.length; i++) {
    actual[targets.yTrue[i]]++;
    predicted[targets.yPred[i]]++;
    if (targets.yTrue[i] === targets.yPred[i]) truePositives[targets.yTrue[i]]++;
  }
  const indexOf = indexLabels(targets.labels);
  const select = (counts: readonly number[]): number[] => labels.map((label) => counts[indexOf.get(label) ?? -1] ?? 0);
  return { labels, truePositives: select(truePositives), predicted: select(predicted), actual: select(actual) };
}

/** @throws TsloraError `bad-option` unless `labels` can select among the labels that occur. */
export function checkSelection(where: string, labels: readonly Label[], targets: Targets): void {
  if (labels.length === 0) throw new TsloraError("bad-option", `${where}: labels is to name at least one label; it is empty.`);
  checkLabels(where, "labels", labels);
  if (typeof labels[0] !== typeof targets.labels[0]) {
    throw new TsloraError("bad-option", `${where}: labels is to hold ${typeof targets.labels[0]}s as the samples do; ${JSON.stringify(labels[0])} came.`);
  }
}
