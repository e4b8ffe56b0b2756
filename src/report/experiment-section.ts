import { SCORE_NAMES } from "../evaluation/comparison/weighted-scores";
import { compareMethods, type MethodPair } from "../experiment/compare-methods";
import { experimentConclusions } from "../experiment/experiment-conclusions";
import { learningCurves, type LearningCurve } from "../experiment/learning-curve";
import type { RunResult } from "../experiment/run-result";
import { summarizeRuns, type MethodSummary } from "../experiment/summarize-runs";
import { formatChange, formatInterval, formatNumber, formatPValue } from "../figures/format";
import { SCORE_TITLES } from "../figures/tables/methods-table";
import type { ReportBlock, ReportCell, ReportFigure, ReportSection, ReportTable } from "./report-section";

/** Options of {@link experimentSection}. */
export interface ExperimentSectionOptions {
  /** The method with which the others are compared. */
  readonly reference: string;
  /** Seed of the bootstrap. @default 42 */
  readonly seed?: number;
  /** Adds the published study's change with its interval. @default false */
  readonly published?: boolean;
  /** Accuracy by the rank, see `rankCurves`. @default none */
  readonly ranks?: readonly LearningCurve[];
}

/**
 * The section of a report about an experiment: scores of each method on the fixed split and over folds, tests of pairs,
 * learning curves, also by the rank, and conclusions.
 *
 * @param results - the results of `runExperiment`
 * @throws TsloraError `bad-option` if the reference has no run.
 */
export function experimentSection(
  results: readonly RunResult[],
  { reference, seed, published, ranks = [] }: ExperimentSectionOptions,
): ReportSection {
  const summaries = summarizeRuns(results, { seed });
  const pairs = compareMethods(results, { reference, seed });
  const curves = learningCurves(results);
  const conclusions = experimentConclusions(summaries, pairs, { reference, published });
  const content: ReportBlock[] = [
    {
      kind: "paragraph",
      text: "Several methods, each on several seeds and over the folds of a repeated stratified cross-validation. Intervals: a bootstrap over the test texts of the fixed split; the corrected resampled t-test over folds. Bands of curves go from the worst seed to the best.",
    },
    ...(summaries.holdout.length > 0 ? [accuracyFigure(summaries.holdout)] : []),
    ...scoreTables("fixed split, mean over seeds", summaries.holdout),
    ...scoreTables("repeated cross-validation, mean over folds", summaries.folds),
    ...(pairs.length > 0 ? [pairsTable(pairs)] : []),
    ...(curves.length > 0 ? [curvesFigure(curves, "Training texts")] : []),
    ...(ranks.length > 0 ? [curvesFigure(ranks, "Rank r")] : []),
    { kind: "list", items: conclusions.split("\n").map((line) => line.replace(/^- /, "")) },
  ];
  return { id: "methods-compared", title: "Methods compared", content };
}

function scoreTables(where: string, methods: readonly MethodSummary[]): ReportTable[] {
  if (methods.length === 0) return [];
  return [
    {
      kind: "table",
      caption: `Scores: ${where}`,
      columns: [
        { name: "Method" },
        { name: "Runs", align: "right" },
        ...SCORE_NAMES.map((name) => ({ name: SCORE_TITLES[name], align: "right" as const, digits: 3 })),
      ],
      rows: methods.map(({ method, runs, scores }) => [
        method,
        runs,
        ...SCORE_NAMES.map((name): ReportCell => {
          const { mean, interval } = scores[name];
          if (mean === null || interval === null) return mean;
          return { text: formatNumber(mean, 3), detail: formatInterval(interval, 2) };
        }),
      ]),
    },
  ];
}

function accuracyFigure(methods: readonly MethodSummary[]): ReportFigure {
  return {
    kind: "figure",
    title: "Accuracy of each method on the fixed split",
    form: "interval",
    xLabel: "Method",
    yLabel: "Accuracy",
    series: [
      {
        name: "Accuracy",
        points: methods.flatMap(({ method, scores: { accuracy } }) =>
          accuracy.mean === null
            ? []
            : [{ x: method, y: accuracy.mean, low: accuracy.interval?.low, high: accuracy.interval?.high }],
        ),
      },
    ],
  };
}

function pairsTable(pairs: readonly MethodPair[]): ReportTable {
  const p = (test: { readonly adjustedPValue: number } | null): ReportCell =>
    test === null ? null : formatPValue(test.adjustedPValue);
  const difference = (test: MethodPair["bootstrap"] | MethodPair["folds"]): ReportCell => {
    if (test === null) return null;
    return { text: formatChange(test.difference, 3), detail: formatInterval(test.interval, 3) };
  };
  return {
    kind: "table",
    caption: "Differences in accuracy",
    columns: [
      { name: "From" },
      { name: "To" },
      { name: "Fixed split", align: "right" },
      { name: "p, bootstrap", align: "right" },
      { name: "p, McNemar", align: "right" },
      { name: "Folds", align: "right" },
      { name: "p, corrected t", align: "right" },
    ],
    rows: pairs.map(({ from, to, mcnemar, bootstrap, folds }) => [
      from,
      to,
      difference(bootstrap),
      p(bootstrap),
      p(mcnemar),
      difference(folds),
      p(folds),
    ]),
    note: "p-values are two-sided and corrected by Holm's method for all pairs of their column.",
  };
}

function curvesFigure(curves: readonly LearningCurve[], xLabel: "Training texts" | "Rank r"): ReportFigure {
  return {
    kind: "figure",
    title: xLabel === "Rank r" ? "Accuracy by the adapter's rank" : "Accuracy by the number of training texts",
    form: "line",
    xLabel,
    yLabel: "Accuracy",
    logX: true,
    series: curves.map(({ name, points }) => ({
      name,
      points: points.map(({ x, accuracy, low, high }) => ({ x, y: accuracy, low, high })),
    })),
  };
}
