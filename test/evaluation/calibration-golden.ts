import { readGolden } from "./golden";
import type { BrierDecomposition } from "../../src/evaluation/calibration/brier-decomposition";

type Rows = readonly (readonly number[])[];

/** The output of `golden-calibration.py`. */
export interface CalibrationGolden {
  readonly calibration: readonly {
    readonly logits: Rows;
    readonly labels: readonly number[];
    readonly fresh: Rows;
    readonly bins: number;
    readonly curves: readonly {
      readonly strategy: "uniform" | "quantile";
      readonly probTrue: readonly number[];
      readonly probPred: readonly number[];
    }[];
    /** With bins of equal width, and of equal mass. */
    readonly ece: readonly number[];
    readonly mce: readonly number[];
    readonly classwise: number;
    readonly decomposition: readonly BrierDecomposition[];
    readonly temperature: number;
    readonly sigmoid: Rows;
    readonly isotonic: readonly { readonly x: readonly number[]; readonly y: readonly number[] }[];
    readonly temperatureProbabilities: Rows;
    readonly sigmoidProbabilities: Rows;
    readonly isotonicProbabilities: Rows;
  }[];
  readonly isotonic: readonly {
    readonly scores: readonly number[];
    readonly positive: readonly number[];
    readonly x: readonly number[];
    readonly y: readonly number[];
  }[];
  readonly conformal: readonly {
    readonly probabilities: Rows;
    readonly labels: readonly number[];
    readonly fresh: Rows;
    readonly alphas: readonly number[];
    /** Sets of each fresh text, for each alpha. */
    readonly lac: readonly Rows[];
    readonly aps: readonly Rows[];
    readonly conditional: readonly Rows[];
    readonly lacQuantiles: readonly number[];
    readonly apsQuantiles: readonly number[];
    readonly apsScores: readonly number[];
  }[];
  readonly selection: readonly {
    readonly confidence: readonly number[];
    readonly correct: readonly boolean[];
    readonly risk: readonly number[];
    readonly aurc: number;
    readonly excess: number;
    readonly sgr: readonly (readonly [
      risk: number,
      delta: number,
      found: Readonly<Record<"threshold" | "coverage" | "risk" | "riskBound", number>> | null,
    ])[];
  }[];
  readonly priors: readonly {
    readonly probabilities: Rows;
    readonly train: readonly number[];
    readonly priors: readonly number[];
    readonly iterations: number;
    readonly corrected: Rows;
  }[];
  readonly prevalence: readonly {
    readonly counts: readonly [number, number, number, number];
    readonly prevalences: readonly number[];
    readonly precision: readonly number[];
    readonly low: readonly number[];
    readonly high: readonly number[];
  }[];
  readonly distance: readonly {
    readonly features: Rows;
    readonly labels: readonly number[];
    readonly shrinkage: number;
    readonly k: number;
    readonly fresh: Rows;
    readonly mahalanobis: readonly number[];
    readonly mahalanobisThreshold: number;
    readonly mahalanobisAuc: number;
    readonly nearest: readonly number[];
    readonly nearestThreshold: number;
    readonly nearestAuc: number;
  }[];
  /** Successes, trials, probability, and the distribution function there. */
  readonly binomial: readonly (readonly [number, number, number, number])[];
}

export function readCalibrationGolden(): CalibrationGolden {
  return readGolden<CalibrationGolden>("golden-calibration.json")[0];
}
