import type { LabelIndicators } from "./label-indicators";
import {
  labelScores,
  type AveragedScores,
  type Average,
  type LabelScores,
  type ScoreOptions,
} from "./precision-recall-fscore-support";
import type { Labels } from "./targets";
import type { DividedScore } from "./zero-division";

/** Options as of scikit-learn's `precision_score`, `recall_score` and `f1_score`: the default average is "binary". */
export type SingleScoreOptions = Omit<ScoreOptions, "beta">;

type Data = Labels | LabelIndicators;
type One = { readonly average?: Exclude<Average, "none"> };
type Each = { readonly average: "none" };

/**
 * The share of correct predictions among all predictions of a label, as scikit-learn's `precision_score`; one for each
 * label if `average` is "none".
 */
export function precisionScore(yTrue: Data, yPred: Data, options?: SingleScoreOptions & One): number;
export function precisionScore(yTrue: Data, yPred: Data, options: SingleScoreOptions & Each): number[];
export function precisionScore(
  yTrue: Data,
  yPred: Data,
  options: SingleScoreOptions & { readonly average?: Average } = {},
): number | number[] {
  return scores("precisionScore", yTrue, yPred, options, "precision").precision;
}

/**
 * The share of a label's samples that were predicted as this label, as scikit-learn's `recall_score`; one for each
 * label if `average` is "none".
 */
export function recallScore(yTrue: Data, yPred: Data, options?: SingleScoreOptions & One): number;
export function recallScore(yTrue: Data, yPred: Data, options: SingleScoreOptions & Each): number[];
export function recallScore(
  yTrue: Data,
  yPred: Data,
  options: SingleScoreOptions & { readonly average?: Average } = {},
): number | number[] {
  return scores("recallScore", yTrue, yPred, options, "recall").recall;
}

/**
 * The harmonic mean of precision and recall, as scikit-learn's `f1_score`; one for each label if `average` is "none".
 */
export function f1Score(yTrue: Data, yPred: Data, options?: SingleScoreOptions & One): number;
export function f1Score(yTrue: Data, yPred: Data, options: SingleScoreOptions & Each): number[];
export function f1Score(
  yTrue: Data,
  yPred: Data,
  options: SingleScoreOptions & { readonly average?: Average } = {},
): number | number[] {
  return scores("f1Score", yTrue, yPred, options, "F-score").fscore;
}

/** The F-score that weighs recall `beta` times as much as precision, as scikit-learn's `fbeta_score`. */
export function fbetaScore(yTrue: Data, yPred: Data, options: ScoreOptions & One & { readonly beta: number }): number;
export function fbetaScore(
  yTrue: Data,
  yPred: Data,
  options: ScoreOptions & Each & { readonly beta: number },
): number[];
export function fbetaScore(
  yTrue: Data,
  yPred: Data,
  options: ScoreOptions & { readonly average?: Average; readonly beta: number },
): number | number[] {
  return scores("fbetaScore", yTrue, yPred, options, "F-score").fscore;
}

function scores(
  where: string,
  yTrue: Data,
  yPred: Data,
  options: ScoreOptions & { readonly average?: Average },
  score: DividedScore,
): LabelScores | AveragedScores {
  return labelScores(where, yTrue, yPred, { average: "binary", ...options }, [score]);
}
