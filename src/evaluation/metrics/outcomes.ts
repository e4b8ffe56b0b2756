import { TsloraError } from "../../base/tslora-error";
import { checkIndicators, isIndicators, type LabelIndicators } from "./label-indicators";
import { readTargets, type Labels, type Targets } from "./targets";

/** Checked true and predicted labels of samples: one label per sample, or any number of them. */
export type Outcomes =
  | ({ readonly kind: "classes" } & Targets)
  | {
      readonly kind: "indicators";
      /** 0 to the number of labels - 1. */
      readonly labels: readonly number[];
      /** Rows of 0 and 1, [samples, labels]. */
      readonly yTrue: LabelIndicators;
      readonly yPred: LabelIndicators;
    };

/**
 * Reads labels of either kind.
 *
 * @throws TsloraError `bad-input` if the two are not of one kind, differ in size, are empty or hold an invalid label.
 */
export function readOutcomes(
  where: string,
  yTrue: Labels | LabelIndicators,
  yPred: Labels | LabelIndicators,
): Outcomes {
  if (!isIndicators(yTrue) && !isIndicators(yPred)) return { kind: "classes", ...readTargets(where, yTrue, yPred) };
  if (yTrue.length !== yPred.length)
    throw new TsloraError(
      "bad-input",
      `${where}: yTrue and yPred must be equally long; got ${yTrue.length} and ${yPred.length}.`,
    );
  if (!isIndicators(yTrue) || !isIndicators(yPred)) {
    const [rows, list] = isIndicators(yTrue) ? ["yTrue", "yPred"] : ["yPred", "yTrue"];
    throw new TsloraError(
      "bad-input",
      `${where}: yTrue and yPred must be of one kind; ${rows} holds rows of labels, ${list} one label per sample.`,
    );
  }
  const [width, predicted] = [checkIndicators(where, "yTrue", yTrue), checkIndicators(where, "yPred", yPred)];
  if (width !== predicted)
    throw new TsloraError(
      "bad-input",
      `${where}: yTrue and yPred must have the same number of columns, one for each label; they have ${width} and ${predicted}.`,
    );
  return { kind: "indicators", labels: Array.from({ length: width }, (_, label) => label), yTrue, yPred };
}
