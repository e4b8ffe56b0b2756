import { Problems } from "../../base/problems";
import { ISSUE_FILTERS, type IssueFilter, type QualityMethod } from "../audit-defaults";
import { confidentJoint } from "./confident-joint";
import { checkMethod, labelQualityScores } from "./label-quality-scores";
import { argmax, argsort, expectProbabilities, type ClassProbabilities } from "./labelled-probabilities";
import { pruneCounts } from "./prune-counts";

/** Options of {@link findLabelIssues}, with cleanlab's names in camelCase. */
export interface FindLabelIssuesOptions {
  /**
   * The rule that chooses texts.
   * - `prune_by_noise_rate`: for each pair of label and other class, as many texts as the confident joint counts, those
   *   with the largest margins;
   * - `prune_by_class`: for each label, the texts for which it is least probable;
   * - `both`: those that both rules choose;
   * - `confident_learning`: the texts off the diagonal of the confident joint;
   * - `predicted_neq_given`: all texts whose most probable class is not their label.
   * @default "prune_by_noise_rate"
   */
  readonly filterBy?: IssueFilter;
  /**
   * The score by which the rows are ranked, the worst first.
   * @default rows in rising order
   */
  readonly returnIndicesRankedBy?: QualityMethod;
  /** The least number of texts that the `prune_` rules leave of each class. @default 1 */
  readonly minExamplesPerClass?: number;
  /** The share of the estimated label errors that the `prune_` rules choose, in [0, 1]. @default 1 */
  readonly fracNoise?: number;
}

const COMPARISON = 1e-6;

/**
 * The rows whose label is probably wrong, by confident learning (Northcutt, Jiang and Chuang, "Confident Learning:
 * Estimating Uncertainty in Dataset Labels", 2021). The result equals that of `cleanlab.filter.find_label_issues`. Rows
 * of equal probability keep their order; NumPy leaves that order open.
 *
 * @param labels - the given classes, counted from 0
 * @param probabilities - [texts][classes], from a model that did not train on the text
 * @throws TsloraError `bad-input` if rows or classes do not match, `bad-option` that lists every invalid option.
 */
export function findLabelIssues(
  labels: readonly number[],
  probabilities: ClassProbabilities,
  options: FindLabelIssuesOptions = {},
): number[] {
  const { filterBy = "prune_by_noise_rate", returnIndicesRankedBy } = options;
  const problems = new Problems("findLabelIssues");
  checkLabelIssueOptions(problems, options);
  problems.throwIfAny();
  expectProbabilities("findLabelIssues", labels, probabilities);
  const chosen = choose(labels, probabilities, { ...options, filterBy });
  const rows = labels.flatMap((label, row) =>
    chosen[row] === 1 && !isPredicted(probabilities[row], label) ? [row] : [],
  );
  if (returnIndicesRankedBy === undefined) return rows;
  const scores = labelQualityScores(labels, probabilities, { method: returnIndicesRankedBy });
  return argsort(rows.map((row) => scores[row])).map((i) => rows[i]);
}

/**
 * Adds a problem for each invalid option of {@link FindLabelIssuesOptions}.
 *
 * @param prefix - what precedes the options' names
 */
export function checkLabelIssueOptions(problems: Problems, options: FindLabelIssuesOptions, prefix = ""): void {
  const { filterBy, returnIndicesRankedBy, minExamplesPerClass = 1, fracNoise = 1 } = options;
  checkMethod(problems, `${prefix}returnIndicesRankedBy`, returnIndicesRankedBy);
  problems.expect(
    filterBy === undefined || ISSUE_FILTERS.includes(filterBy),
    `${prefix}filterBy must be one of ${ISSUE_FILTERS.join(", ")}; got ${String(filterBy)}`,
  );
  problems.expect(
    Number.isSafeInteger(minExamplesPerClass) && minExamplesPerClass >= 0,
    `${prefix}minExamplesPerClass must be a whole number from 0; got ${String(minExamplesPerClass)}`,
  );
  problems.expect(
    fracNoise >= 0 && fracNoise <= 1,
    `${prefix}fracNoise must be a number from 0 to 1; got ${String(fracNoise)}`,
  );
}

/** 1 for each row that the rule chooses. */
function choose(
  labels: readonly number[],
  probabilities: ClassProbabilities,
  options: FindLabelIssuesOptions & { readonly filterBy: IssueFilter },
): Uint8Array {
  const { filterBy, minExamplesPerClass = 1, fracNoise = 1 } = options;
  if (filterBy === "predicted_neq_given")
    return Uint8Array.from(labels, (label, row) => Number(argmax(probabilities[row]) !== label));
  const { counts, offDiagonal } = confidentJoint(labels, probabilities);
  if (filterBy === "confident_learning") {
    const chosen = new Uint8Array(labels.length);
    for (const row of offDiagonal) chosen[row] = 1;
    return chosen;
  }
  const pruned = pruneCounts(counts, { minExamplesPerClass, fracNoise });
  const asked = { labels, probabilities, pruned, minExamplesPerClass };
  if (filterBy === "prune_by_class") return pruneByClass(asked);
  const byNoise = pruneByNoiseRate(asked);
  if (filterBy === "prune_by_noise_rate") return byNoise;
  const byClass = pruneByClass(asked);
  return byNoise.map((one, row) => one & byClass[row]);
}

interface Pruning {
  readonly labels: readonly number[];
  readonly probabilities: ClassProbabilities;
  /** Texts to remove by class and by given label: `pruned[class][given]`. */
  readonly pruned: readonly (readonly number[])[];
  readonly minExamplesPerClass: number;
}

/** Chooses, for each label and each other class, `pruned[other][given]` texts with the largest margins. */
function pruneByNoiseRate({ labels, probabilities, pruned, minExamplesPerClass }: Pruning): Uint8Array {
  const chosen = new Uint8Array(labels.length);
  for (const [given, rows] of rowsByLabel(labels, pruned.length).entries()) {
    if (rows.length <= Math.max(1, minExamplesPerClass)) continue;
    for (let other = 0; other < pruned.length; other++) {
      const count = pruned[other][given];
      if (other === given || count <= 0) continue;
      const order = argsort(rows.map((row) => -(probabilities[row][other] - probabilities[row][given])));
      for (const i of order.slice(0, count)) chosen[rows[i]] = 1;
    }
  }
  return chosen;
}

/** Chooses, for each label, the texts for which it is least probable; `pruned[given][given]` texts stay. */
function pruneByClass({ labels, probabilities, pruned, minExamplesPerClass }: Pruning): Uint8Array {
  const chosen = new Uint8Array(labels.length);
  for (const [given, rows] of rowsByLabel(labels, pruned.length).entries()) {
    if (rows.length <= Math.max(1, minExamplesPerClass)) continue;
    const count = rows.length - pruned[given][given];
    if (count < 1) continue;
    const order = argsort(rows.map((row) => probabilities[row][given]));
    for (const i of order.slice(0, count)) chosen[rows[i]] = 1;
  }
  return chosen;
}

function rowsByLabel(labels: readonly number[], classes: number): number[][] {
  const rows = Array.from({ length: classes }, (): number[] => []);
  labels.forEach((label, row) => rows[label].push(row));
  return rows;
}

/** Whether the label is the most probable class, or less probable by at most {@link COMPARISON}. */
function isPredicted(row: ArrayLike<number>, label: number): boolean {
  const favoured = Array.from(row);
  favoured[label] += COMPARISON;
  return argmax(favoured) === label;
}
