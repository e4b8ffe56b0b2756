import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import { expectRows } from "../calibration/check-probabilities";

/**
 * Probabilities under other class shares: each is multiplied by the ratio of the new to the old share of its class, and
 * the row divided by its sum (Saerens et al., "Adjusting the outputs of a classifier to new a priori probabilities",
 * 2002, equation 2.4).
 *
 * @param probabilities - calibrated, [texts, classes]
 * @param options.trainPriors - the share of each class in the training data
 * @param options.priors - the share of each class where the classifier is used
 * @returns [texts, classes]
 * @throws TsloraError `bad-option` for shares that do not fit, `bad-input` for rows that do not.
 */
export function correctPriors(
  probabilities: readonly (readonly number[])[],
  options: { readonly trainPriors: readonly number[]; readonly priors: readonly number[] },
): number[][] {
  const { trainPriors, priors } = options;
  const classes = expectRows("correctPriors", probabilities, undefined);
  const problems = new Problems("correctPriors");
  expectShares(problems, "trainPriors", { shares: trainPriors, classes, least: Number.MIN_VALUE });
  expectShares(problems, "priors", { shares: priors, classes, least: 0 });
  problems.throwIfAny();
  return reweight(
    probabilities,
    priors.map((share, label) => share / trainPriors[label]),
  );
}

/** Options of {@link estimatePriors}. */
export interface EstimatePriorsOptions {
  /** The share of each class in the training data. */
  readonly trainPriors: readonly number[];
  /** The estimation ends when no share changes by more than this. @default 1e-6 */
  readonly tol?: number;
  /** @default 10000 */
  readonly maxIter?: number;
}

/** Class shares of unlabelled texts. */
export interface EstimatedPriors {
  /** The share of each class. */
  readonly priors: readonly number[];
  /** Probabilities under these shares, [texts, classes]. */
  readonly probabilities: readonly (readonly number[])[];
  /** Number of steps. */
  readonly iterations: number;
}

/**
 * Estimates the class shares of unlabelled texts by expectation maximisation (Saerens et al., 2002, equation 2.9), for
 * any number of classes. It assumes that only the shares differ from the training data, and that probabilities are
 * calibrated; calibrate first (Alexandari et al., "Maximum likelihood with bias-corrected calibration is hard-to-beat
 * at label shift adaptation", 2020).
 *
 * @param probabilities - of the unlabelled texts, [texts, classes]
 * @throws TsloraError `bad-option` for shares that do not fit or if `maxIter` steps do not reach `tol`, `bad-input` for
 *   rows that do not fit.
 */
export function estimatePriors(
  probabilities: readonly (readonly number[])[],
  options: EstimatePriorsOptions,
): EstimatedPriors {
  const { trainPriors, tol = 1e-6, maxIter = 10_000 } = options;
  const classes = expectRows("estimatePriors", probabilities, undefined);
  const problems = new Problems("estimatePriors");
  expectShares(problems, "trainPriors", { shares: trainPriors, classes, least: Number.MIN_VALUE });
  problems.expect(tol > 0, `tol must be above 0; got ${tol}`);
  problems.throwIfAny();
  let priors: readonly number[] = trainPriors;
  for (let iterations = 1; iterations <= maxIter; iterations++) {
    const next = meanOfReweighted(
      probabilities,
      priors.map((share, label) => share / trainPriors[label]),
    );
    const change = Math.max(...next.map((share, label) => Math.abs(share - priors[label])));
    priors = next;
    if (change <= tol)
      return { priors, iterations, probabilities: correctPriors(probabilities, { trainPriors, priors: next }) };
  }
  throw new TsloraError(
    "bad-option",
    `estimatePriors: the shares still change by more than tol = ${tol} after maxIter = ${maxIter} steps. Raise maxIter or tol.`,
  );
}

function reweight(rows: readonly (readonly number[])[], ratios: readonly number[]): number[][] {
  return rows.map((row) => {
    const scaled = row.map((p, label) => p * ratios[label]);
    const sum = scaled.reduce((a, b) => a + b, 0);
    return sum === 0 ? [...row] : scaled.map((p) => p / sum);
  });
}

/** The mean of the rows that {@link reweight} returns, computed without storing them: it runs in every iteration. */
function meanOfReweighted(rows: readonly (readonly number[])[], ratios: readonly number[]): number[] {
  const sums = ratios.map(() => 0);
  for (const row of rows) {
    let total = 0;
    for (let label = 0; label < ratios.length; label++) total += row[label] * ratios[label];
    for (let label = 0; label < ratios.length; label++)
      sums[label] += total === 0 ? row[label] : (row[label] * ratios[label]) / total;
  }
  return sums.map((sum) => sum / rows.length);
}

function expectShares(
  problems: Problems,
  name: string,
  { shares, classes, least }: { shares: readonly number[]; classes: number; least: number },
): void {
  const sum = shares.reduce((a, b) => a + b, 0);
  problems.expect(
    shares.length === classes && shares.every((share) => share >= least && share <= 1) && Math.abs(sum - 1) < 1e-6,
    `${name} must be a share ${least > 0 ? "above 0 " : ""}for each of ${classes} classes, with the sum 1; got ${shares.join(", ")}`,
  );
}
