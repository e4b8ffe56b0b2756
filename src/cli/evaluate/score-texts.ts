import type { DataFrame } from "danfojs-node";

import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import type { Calibration } from "../../evaluation/calibration/calibration";
import { evaluate } from "../../evaluation/evaluate";
import { evaluateMultiLabel } from "../../evaluation/evaluate-multi-label";
import { classificationReportDict } from "../../evaluation/metrics/classification-report-dict";
import { precisionRecallFscoreSupport } from "../../evaluation/metrics/precision-recall-fscore-support";
import { applyThreshold } from "../../evaluation/threshold/apply-threshold";
import type { EVALUATE_OPTIONS } from "../options/evaluate-options";
import type { OptionValues } from "../options/option-table";
import { countProgress } from "../terminal/show-progress";
import type { Terminal } from "../terminal/terminal";
import { evaluationLines } from "./evaluation-lines";
import { multiLabelLines } from "./multi-label-lines";
import type { NamedAverage } from "./report-lines";

/** Options of {@link scoreTexts}. */
interface ScoreOptions {
  readonly frame: DataFrame;
  readonly terminal: Terminal;
  readonly options: OptionValues<typeof EVALUATE_OPTIONS>;
  readonly calibration?: Calibration | undefined;
}

/** An evaluation, and how it is printed. */
export interface ScoredTexts {
  /** The evaluation as JSON, with the predictions if they were requested. */
  readonly evaluation: object;
  /** scikit-learn's report as an object. */
  readonly report: object;
  readonly average: NamedAverage | undefined;
  readonly lines: readonly string[];
}

/** Evaluates a classifier, shows the progress, and applies the threshold. */
export async function scoreTexts(classifier: SequenceClassifier, asked: ScoreOptions): Promise<ScoredTexts> {
  const progress = countProgress(asked.terminal, "Evaluating");
  try {
    return classifier.problemType === "multi_label_classification"
      ? await scoreSeveralLabels(classifier, { ...asked, onProgress: progress.update })
      : await scoreOneLabel(classifier, { ...asked, onProgress: progress.update });
  } finally {
    progress.stop();
  }
}

type Scoring = ScoreOptions & { readonly onProgress: (done: number, total: number) => void };

async function scoreOneLabel(
  classifier: SequenceClassifier,
  { frame, terminal, options, calibration, onProgress }: Scoring,
): Promise<ScoredTexts> {
  const { threshold, confidence, maxTokensPerPass } = options;
  const scored = await evaluate(classifier, frame, { onProgress, confidence, maxTokensPerPass, calibration });
  const evaluation = threshold === undefined ? scored : applyThreshold(scored, { threshold });
  const { predictions, ...scores } = evaluation;
  const [yTrue, yPred] = [predictions.map((one) => one.yTrue), predictions.map((one) => one.yPred)];
  const labels = evaluation.labels.map((_, label) => label);
  const average = options.average && {
    name: options.average,
    scores: precisionRecallFscoreSupport(yTrue, yPred, { average: options.average, labels }),
  };
  return {
    evaluation: { ...scores, ...(options.predictions === true ? { predictions } : {}) },
    report: classificationReportDict(yTrue, yPred, { labels, targetNames: evaluation.labels }),
    average,
    lines: evaluationLines(evaluation, { terminal, average }),
  };
}

async function scoreSeveralLabels(
  classifier: SequenceClassifier,
  { frame, terminal, options, onProgress }: Scoring,
): Promise<ScoredTexts> {
  const { threshold, confidence, maxTokensPerPass } = options;
  const evaluation = await evaluateMultiLabel(classifier, frame, {
    onProgress,
    threshold,
    confidence,
    maxTokensPerPass,
  });
  const { predictions, ...scores } = evaluation;
  const [yTrue, yPred] = [predictions.map((one) => one.yTrue), predictions.map((one) => one.yPred)];
  const average = options.average && {
    name: options.average,
    scores: precisionRecallFscoreSupport(yTrue, yPred, { average: options.average }),
  };
  return {
    evaluation: { ...scores, ...(options.predictions === true ? { predictions } : {}) },
    report: classificationReportDict(yTrue, yPred, { targetNames: evaluation.labels }),
    average,
    lines: multiLabelLines(evaluation, { terminal, average }),
  };
}
