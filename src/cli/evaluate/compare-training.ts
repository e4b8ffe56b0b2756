import type { DataFrame } from "danfojs-node";

import { shortList } from "../../base/short-list";
import { encoderFeatures } from "../../classifier/encoder-features";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { readFrame, readTextColumns, textInputs } from "../../corpus/read-frame";
import { pText } from "../../evaluation/comparison/p-text";
import { compareWithTraining, type TrainingComparison } from "../../evaluation/shift/compare-with-training";
import type { EVALUATE_OPTIONS } from "../options/evaluate-options";
import type { OptionValues } from "../options/option-table";
import { countProgress } from "../terminal/show-progress";
import { sentence } from "../terminal/text-layout";
import type { Terminal } from "../terminal/terminal";

/** Unlike texts that a warning names. */
const NAMED = 10;

/** A comparison of the evaluated texts with the training data. */
export interface ComparedTexts {
  /** The comparison as JSON: the IDs of unlike texts, and every distance if predictions were requested. */
  readonly comparison: object;
  readonly lines: readonly string[];
  /** A warning if the texts are of another distribution. */
  readonly warning: string | undefined;
}

/** Encodes both, shows the progress, and measures how far the evaluated texts are from the training data. */
export async function compareTraining(
  classifier: SequenceClassifier,
  { frame, training, terminal, options }: ComparisonInput,
): Promise<ComparedTexts> {
  const several = classifier.problemType === "multi_label_classification";
  const show = { terminal, maxTokensPerPass: options.maxTokensPerPass };
  const known = await features(classifier, training, { ...show, title: "Encoding the training data" });
  const found = await features(classifier, frame, { ...show, title: "Encoding the texts" });
  const result = compareWithTraining(
    { features: known, labels: several ? undefined : readFrame(training).label },
    found,
    { distance: options.distance },
  );
  const { scores, isUnlike, ...summary } = result;
  const { ID } = readTextColumns(frame);
  const unlike = ID.flatMap((id, row) => (isUnlike[row] ? [{ ID: id, distance: scores[row] }] : []));
  unlike.sort((a, b) => b.distance - a.distance);
  return {
    comparison: { ...summary, unlikeTexts: unlike, ...(options.predictions === true ? { distances: scores } : {}) },
    lines: ["", ...comparisonTexts(result).map((text) => sentence(text, terminal.out))],
    warning: result.isShifted
      ? `Warning: ${shareText(result)}. Scores and probabilities from texts like the training data do not hold for them. The most unlike: ${shortList(unlike.slice(0, NAMED).map((one) => one.ID))}.`
      : undefined,
  };
}

interface ComparisonInput {
  readonly frame: DataFrame;
  readonly training: DataFrame;
  readonly terminal: Terminal;
  readonly options: Pick<OptionValues<typeof EVALUATE_OPTIONS>, "distance" | "predictions" | "maxTokensPerPass">;
}

async function features(
  classifier: SequenceClassifier,
  frame: DataFrame,
  { terminal, title, maxTokensPerPass }: { terminal: Terminal; title: string; maxTokensPerPass?: number },
): Promise<Float32Array[]> {
  const progress = countProgress(terminal, title);
  try {
    return await encoderFeatures(classifier, textInputs(frame), { maxTokensPerPass, onProgress: progress.update });
  } finally {
    progress.stop();
  }
}

function comparisonTexts(result: TrainingComparison): string[] {
  const { distance, training, auc } = result;
  return [
    `${shareText(result)}.`,
    `Distance ${distance}, fitted to ${training.fitted} texts of the training data; ${training.heldOut} others place the threshold. AUROC against those ${auc.toFixed(3)}, where 0.5 is chance.`,
  ];
}

function shareText({ unlike, expectedShare, pValue, scores }: TrainingComparison): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
  const { low, high, confidence } = unlike.interval;
  const interval = `${100 * confidence}% interval ${percent(low)} to ${percent(high)}`;
  return `${unlike.count} of ${scores.length} texts (${percent(unlike.share)}, ${interval}) are unlike the training data, where ${percent(expectedShare)} are expected (p ${pText(pValue)})`;
}
