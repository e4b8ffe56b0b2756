import { Problems } from "../../base/problems";
import { expectProbabilities, expectRows } from "../calibration/check-probabilities";
import { conformityScore, type ConformityScore } from "./conformity-score";

/** Options of {@link fitConformal}. */
export interface FitConformalOptions {
  /**
   * The nonconformity score of a label. "lac" is 1 minus its probability, which gives the smallest sets (Sadinle et
   * al., "Least ambiguous set-valued classifiers with bounded error levels", 2019). "aps" is the sum of its probability
   * and all greater ones, which gives sets that grow with uncertainty (Romano et al., "Classification with valid and
   * adaptive coverage", 2020). @default "lac"
   */
  readonly score?: ConformityScore;
  /**
   * Whether coverage holds for each class rather than over all texts (Vovk's Mondrian predictor, "Conditional validity
   * of inductive conformal predictors", 2012). Each class needs its own texts. @default false
   */
  readonly classConditional?: boolean;
}

/** Scores of calibration texts, from which the sets of any `alpha` follow. Plain JSON. */
export interface Conformal {
  readonly score: ConformityScore;
  readonly classConditional: boolean;
  /** Number of classes. */
  readonly classes: number;
  /** Ascending nonconformity scores: one list, or one for each class. */
  readonly scores: readonly (readonly number[])[];
}

/**
 * Split conformal prediction (Vovk et al., "Algorithmic learning in a random world", 2005): keeps the nonconformity
 * scores of texts that the classifier was not trained on. {@link predictionSets} then covers the true label of new
 * texts with a probability of at least 1 - alpha, if they come from the same distribution.
 *
 * @param probabilities - [texts, classes]; any increasing function of logits keeps the guarantee, so calibration is not
 *   needed
 * @param labels - classes, counted from 0
 * @throws TsloraError `bad-option` for an unknown score, `bad-input` if rows and labels do not fit, or a class has no
 *   text (`classConditional`).
 */
export function fitConformal(
  probabilities: readonly (readonly number[])[],
  labels: ArrayLike<number>,
  options: FitConformalOptions = {},
): Conformal {
  const { score = "lac", classConditional = false } = options;
  const problems = new Problems("fitConformal");
  problems.expect(score === "lac" || score === "aps", `score must be lac or aps; got ${String(score)}`);
  problems.throwIfAny();
  const classes = expectRows("fitConformal", probabilities, labels);
  for (const row of probabilities) expectProbabilities("fitConformal", row, row);
  const lists = Array.from({ length: classConditional ? classes : 1 }, (): number[] => []);
  probabilities.forEach((row, i) =>
    lists[classConditional ? labels[i] : 0].push(conformityScore(score, row, labels[i])),
  );
  lists.forEach((list, label) =>
    problems.expect(list.length > 0, `classConditional needs texts of every class; class ${label} has none`),
  );
  problems.throwIfAny("bad-input");
  return { score, classConditional, classes, scores: lists.map((list) => list.sort((a, b) => a - b)) };
}

/**
 * The score below which sets take labels: the ceil((n + 1)(1 - alpha))-th smallest of n, as MAPIE computes it. Infinity
 * if n is too small: the set then needs every label.
 *
 * @param scores - ascending
 */
export function conformalQuantile(scores: readonly number[], alpha: number): number {
  const rank = Math.ceil((scores.length + 1) * (1 - alpha));
  return rank > scores.length ? Infinity : scores[Math.max(rank, 1) - 1];
}

/**
 * The fewest calibration texts, of each class if `classConditional`, for which an `alpha` excludes any label.
 *
 * @throws TsloraError `bad-option` for an alpha that is not above 0 and below 1.
 */
export function fewestCalibrationTexts(alpha: number): number {
  const problems = new Problems("fewestCalibrationTexts");
  expectAlpha(problems, alpha);
  problems.throwIfAny();
  let n = Math.max(1, Math.floor(0.9998 / alpha) - 2); // about 1 / alpha - 1 are needed; 1 - alpha is rounded
  while (Math.ceil((n + 1) * (1 - alpha)) > n) n++;
  return n;
}

/**
 * The labels that cannot be excluded, for each text. A set of "lac" may be empty: no label is typical. A set of "aps"
 * holds at least the most probable label.
 *
 * @param probabilities - [texts, classes], computed as for `fitConformal`
 * @param options.alpha - the accepted share of sets without the true label, above 0 and below 1
 * @returns classes in ascending order for each text
 * @throws TsloraError `bad-option` for another alpha, `bad-input` if rows have another number of classes.
 */
export function predictionSets(
  conformal: Conformal,
  probabilities: readonly (readonly number[])[],
  options: { readonly alpha: number },
): number[][] {
  const { alpha } = options;
  const problems = new Problems("predictionSets");
  expectAlpha(problems, alpha);
  problems.throwIfAny();
  if (probabilities.length === 0) return [];
  const classes = expectRows("predictionSets", probabilities, undefined);
  problems.expect(
    classes === conformal.classes,
    `the sets are for ${conformal.classes} classes; the probabilities have ${classes}`,
  );
  problems.throwIfAny("bad-input");
  const limits = conformal.scores.map((scores) => conformalQuantile(scores, alpha));
  return probabilities.map((row) => {
    const kept = row
      .map((_, label) => label)
      .filter((label) => conformityScore(conformal.score, row, label) <= limits[limits.length === 1 ? 0 : label]);
    return kept.length === 0 && conformal.score === "aps" ? [row.indexOf(Math.max(...row))] : kept;
  });
}

function expectAlpha(problems: Problems, alpha: number): void {
  problems.expect(alpha > 0 && alpha < 1, `alpha must be a number above 0 and below 1, such as 0.05; got ${alpha}`);
}
