import type { DataFrame } from "danfojs-node";

import { evaluate } from "../../evaluation/evaluate";
import { evaluateMultiLabel, type MultiLabelEvaluation } from "../../evaluation/evaluate-multi-label";
import type { Evaluation } from "../../evaluation/evaluation";
import type { Interval } from "../../evaluation/intervals/interval";
import { ONNX_FILES, type OnnxExport } from "../../export/export-onnx";
import { measureSpeed } from "../../export/measure-speed";
import { loadOnnxClassifier, type OnnxClassifier } from "../../export/onnx-classifier";
import { quantizationCost, type QuantizationCost } from "../../export/quantization-cost";
import { countProgress } from "../terminal/show-progress";
import type { Terminal } from "../terminal/terminal";

/** The texts with which speed is measured have at most this many tokens. */
const SPEED_TOKENS = 128;

type Weights = keyof typeof ONNX_FILES;

/** One exported model: its size, speed and accuracy. */
export interface ExportedModel {
  readonly weights: Weights;
  readonly path: string;
  /** With those of a second file. */
  readonly bytes: number;
  /** In calls of 8 texts of {@link Comparison.tokens} tokens each. */
  readonly textsPerSecond: number;
  /** Accuracy on the data; with several labels per text, all of them must be right. */
  readonly accuracy?: number;
  /** Wilson's interval; none for texts with several labels. */
  readonly accuracyInterval?: Interval;
}

/** The exported models, compared. */
export interface Comparison {
  readonly models: readonly ExportedModel[];
  /** Tokens of each text in the measurement of speed. */
  readonly tokens: number;
  /** Number of texts of the data. */
  readonly n?: number;
  readonly cost?: QuantizationCost;
}

/** Measures the exported models in onnxruntime: speed, and accuracy on the data if there are any. */
export async function compareExports(
  { directory, files }: OnnxExport,
  {
    kinds,
    frame,
    terminal,
    longest,
  }: { kinds: readonly Weights[]; frame: DataFrame | undefined; terminal: Terminal; longest: number },
): Promise<Comparison> {
  const classifiers: OnnxClassifier[] = [];
  for (const weights of kinds) classifiers.push(await loadOnnxClassifier(directory, { weights }));
  const tokens = Math.min(SPEED_TOKENS, longest);
  const speeds = await measureSpeed(classifiers, { tokens });
  const evaluations = frame && (await evaluateAll(classifiers, frame, terminal));
  const models = kinds.map((weights, i): ExportedModel => {
    const path = ONNX_FILES[weights];
    const own = files.filter((file) => file.path === path || file.path === `${path}_data`);
    const evaluation = evaluations?.[i];
    return {
      weights,
      path,
      bytes: own.reduce((sum, file) => sum + file.bytes, 0),
      textsPerSecond: speeds[i],
      accuracy: evaluation?.accuracy,
      accuracyInterval: evaluation && "accuracyInterval" in evaluation ? evaluation.accuracyInterval : undefined,
    };
  });
  const [full, quantized] = evaluations ?? [];
  const cost = full !== undefined && quantized !== undefined ? quantizationCost(full, quantized) : undefined;
  return { models, tokens, n: full?.n, cost };
}

async function evaluateAll(
  classifiers: readonly OnnxClassifier[],
  frame: DataFrame,
  terminal: Terminal,
): Promise<(Evaluation | MultiLabelEvaluation | undefined)[]> {
  const found: (Evaluation | MultiLabelEvaluation)[] = [];
  for (const classifier of classifiers) {
    const progress = countProgress(terminal, "Evaluating");
    const several = classifier.problemType === "multi_label_classification";
    try {
      const options = { onProgress: progress.update };
      found.push(
        several ? await evaluateMultiLabel(classifier, frame, options) : await evaluate(classifier, frame, options),
      );
    } finally {
      progress.stop();
    }
  }
  return found;
}
