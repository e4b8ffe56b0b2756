import { Problems } from "../../base/problems";
import { mean } from "../metrics/mean";
import { DEFAULT_BINS, expectBins, expectProbabilities, type BinOptions } from "./check-probabilities";
import { numpyQuantiles, unitSteps } from "./numpy-quantile";

/** The parts of a Brier score: `brier = reliability - resolution + uncertainty + withinBins`. */
export interface BrierDecomposition {
  /** The Brier score: the mean squared distance between probability and outcome. */
  readonly brier: number;
  /** The mean squared distance between a bin's mean probability and its share of positives; 0 if calibrated. */
  readonly reliability: number;
  /** Distance of the bins' shares of positives from the overall share; more is better. */
  readonly resolution: number;
  /** The variance of the outcome itself, which no classifier changes. */
  readonly uncertainty: number;
  /** The part of probabilities that differ within a bin; 0 if all in a bin are equal. */
  readonly withinBins: number;
}

/**
 * Murphy's decomposition of the Brier score of one class over bins (Murphy, "A new vector partition of the probability
 * score", 1973). Within a bin probabilities differ, which Murphy's three parts leave out; `withinBins` holds the
 * variance and covariance that close the sum (Stephenson et al., "Two extra components in the Brier score
 * decomposition", 2008).
 *
 * @param yTrue - 1 for the positive class, else 0
 * @param yProb - the positive class's probability, [samples]
 * @throws TsloraError `bad-option` for a wrong number of bins, `bad-input` if a value is not a probability.
 */
export function brierDecomposition(
  yTrue: ArrayLike<number>,
  yProb: ArrayLike<number>,
  options: BinOptions = {},
): BrierDecomposition {
  const { bins = DEFAULT_BINS, strategy = "uniform" } = options;
  const problems = new Problems("brierDecomposition");
  expectBins(problems, { bins, strategy });
  problems.throwIfAny();
  expectProbabilities("brierDecomposition", yTrue, yProb);
  const steps = unitSteps(bins + 1);
  const edges = strategy === "uniform" ? steps : numpyQuantiles(yProb, steps);
  const groups = Array.from({ length: bins }, (): number[] => []);
  const [outcome, probability] = [Array.from(yTrue, (own) => Number(own === 1)), Array.from(yProb)];
  probability.forEach((p, i) => {
    let bin = 0;
    while (bin < bins - 1 && edges[bin + 1] <= p) bin++;
    groups[bin].push(i);
  });
  const base = mean(outcome);
  let [reliability, resolution, withinBins] = [0, 0, 0];
  for (const group of groups.filter(({ length }) => length > 0)) {
    const share = group.length / outcome.length;
    const [p, o] = [mean(group.map((i) => probability[i])), mean(group.map((i) => outcome[i]))];
    reliability += share * (p - o) ** 2;
    resolution += share * (o - base) ** 2;
    withinBins +=
      share * mean(group.map((i) => (probability[i] - p) ** 2 - 2 * (outcome[i] - o) * (probability[i] - p)));
  }
  return {
    brier: mean(probability.map((p, i) => (p - outcome[i]) ** 2)),
    reliability,
    resolution,
    uncertainty: base * (1 - base),
    withinBins,
  };
}
