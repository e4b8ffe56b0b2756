import { mean } from "../evaluation/metrics/mean";
import { methodNames, partsOf } from "./run-groups";
import { accuracyOf, type RunResult } from "./run-result";

/** A point of a learning curve. */
export interface LearningCurvePoint {
  /** The number of training texts, or the rank. */
  readonly x: number;
  /** The mean accuracy over the seeds. */
  readonly accuracy: number;
  /** The least and the greatest accuracy of a seed. */
  readonly low: number;
  readonly high: number;
  readonly seeds: number;
}

/** The accuracy of a method, or of a set of methods, against one of their settings. */
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
    const runsOf = (size: number): RunResult[] => runs.filter(({ texts }) => texts.train === size);
    return { name, points: sizes.map((size) => curvePoint(size, runsOf(size))) };
  });
}

/** The point of the runs at `x`: one for each seed. */
export function curvePoint(x: number, runs: readonly RunResult[]): LearningCurvePoint {
  const accuracies = runs.map(accuracyOf);
  return {
    x,
    accuracy: mean(accuracies),
    low: Math.min(...accuracies),
    high: Math.max(...accuracies),
    seeds: accuracies.length,
  };
}
