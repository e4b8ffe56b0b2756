import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import { countOutcomes } from "./outcome-counts";
import { averageScores, expectZeroDivision, scoreLabels } from "./precision-recall-fscore-support";
import { readTargets, type Label, type Labels } from "./targets";

export interface ReportOptions {
  /** Which labels have a row, in which order. @default those that occur, sorted */
  readonly labels?: readonly Label[];
  /** What the labels are called, in the order of `labels`. @default the labels themselves */
  readonly targetNames?: readonly string[];
  /** What a score is that would divide by zero: 0, 1, or NaN, which averages leave out. scikit-learn's "warn" is 0. @default 0 */
  readonly zeroDivision?: number;
}

export interface ReportRow {
  readonly name: string;
  readonly precision: number;
  readonly recall: number;
  readonly fscore: number;
  readonly support: number;
}

/** What a classification report says, before it becomes text or a dictionary. */
export interface ReportRows {
  readonly classes: readonly ReportRow[];
  /** The first is called "accuracy" where `labels` leaves out no label that occurs, else "micro avg". */
  readonly averages: readonly ReportRow[];
  /** Whether any sample at all was predicted right. scikit-learn counts in floating point where none was. */
  readonly anyRight: boolean;
}

/** Computes the rows of a report and checks its options. */
export function reportRows(where: string, yTrue: Labels, yPred: Labels, options: ReportOptions): ReportRows {
  const { zeroDivision = 0 } = options;
  const problems = new Problems(where);
  expectZeroDivision(problems, zeroDivision);
  problems.throwIfAny();
  const targets = readTargets(where, yTrue, yPred);
  const counts = countOutcomes(where, targets, options);
  const names = options.targetNames ?? counts.labels.map(String);
  if (names.length !== counts.labels.length) {
    throw new TsloraError("bad-option", `${where}: targetNames is to name ${counts.labels.length} labels (${counts.labels.join(", ")}); ${names.length} names came (${names.join(", ")}). Pass labels, too, to say which labels are meant.`);
  }
  const { precision, recall, fscore, support } = scoreLabels(counts, { zeroDivision });
  const classes = names.map((name, i) => ({ name, precision: precision[i], recall: recall[i], fscore: fscore[i], support: support[i] }));
  const total = support.reduce((a, b) => a + b, 0);
  const complete = targets.labels.every((label) => counts.labels.includes(label));
  const averages = (["micro", "macro", "weighted"] as const).map((average) => ({
    ...averageScores(counts, { average, zeroDivision }),
    name: average === "micro" && complete ? "accuracy" : `${average} avg`,
    support: total,
  }));
  return { classes, averages, anyRight: targets.yTrue.some((label, i) => label === targets.yPred[i]) };
}
