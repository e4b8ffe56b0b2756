import { mean } from "../evaluation/metrics/mean";
import { methodNames, partsOf } from "./run-groups";
import { accuracyOf, type RunResult } from "./run-result";

/** A point of a learning curve. */
export interface LearningCurvePoint {
  readonly trainSize: number;
  /** The mean accuracy over the seeds. */
  readonly accuracy: number;
  /** The least and the greatest accuracy of a seed. */
  readonly low: number;
  readonly high: number;
  readonly seeds: number;
}

/** The learning curve of a method. */
export interface LearningCurve {
  readonly name: string;
  readonly points: readonly LearningCurvePoint[];
}

/** The learning curves of an experiment: test accuracy by the number of training texts, a curve for each method. */
export function learningCurves(results: readonly RunResult[]): LearningCurve[] {
  const { curve } = partsOf(results);
  return methodNames(curve).map((name) => {
    const runs = curve.filter(({ method }) => method === name);
    const sizes = [...new Set(runs.map(({ texts }) => texts.train))].sort((a, b) => a - b);
    return {
      name,
      points: sizes.map((trainSize) => {
        const accuracies = runs.filter(({ texts }) => texts.train === trainSize).map(accuracyOf);
        return {
          trainSize,
          accuracy: mean(accuracies),
          low: Math.min(...accuracies),
          high: Math.max(...accuracies),
          seeds: accuracies.length,
        };
      }),
    };
  });
}
