import { Problems } from "../../base/problems";
import { evaluateMultiLabel, type EvaluateMultiLabelOptions, type MultiLabelEvaluation } from "../evaluate-multi-label";
import { readMultiLabelTexts, type MultiLabelTexts } from "../multi-label-texts";
import type { TextClassifier } from "../text-classifier";
import { baselineTerms, type BaselineOptions } from "./baseline-terms";
import { ratioScaling } from "./log-count-ratios";
import { LogisticRegression, type LogisticRegressionOptions } from "./logistic-regression";
import type { SparseMatrix } from "./sparse-matrix";

/** Options of {@link evaluateMultiLabelBaseline}, with the names of the labels. */
export interface MultiLabelBaselineOptions extends BaselineOptions {
  readonly labels: readonly string[];
}

/** The score of a label that all training texts have, and minus that of a label that none has: the log loss's limit. */
const CERTAIN = Math.log((1 - Number.EPSILON) / Number.EPSILON);

/**
 * Trains the baseline for texts with several labels: TF-IDF, and for each label a logistic regression of its own, as
 * scikit-learn's `OneVsRestClassifier`. A label that no training text has is never predicted; a label that all have is
 * always predicted.
 *
 * @param train - a danfojs DataFrame with the column `texts` and one of 0 and 1 for each label, or a list of `{ text,
 *   label }`
 * @returns a classifier like any other
 * @throws TsloraError `bad-input` if no term occurs in two texts.
 */
export function trainMultiLabelBaseline(train: MultiLabelTexts, options: MultiLabelBaselineOptions): TextClassifier {
  const { labels, C = 10, classWeight, logCountRatios: byRatios = false, ...terms } = options;
  const problems = new Problems("trainMultiLabelBaseline");
  problems.expect(labels.length >= 2, `labels must name two labels or more; got ${labels.length}`);
  problems.throwIfAny();
  const { texts, flags } = readMultiLabelTexts("trainMultiLabelBaseline", train, labels);
  const { fitted, transform } = baselineTerms(texts, terms);
  const models = labels.map((_, label) => {
    const ofLabel = flags.map((row) => row[label]);
    return fitOneLabel(fitted, ofLabel, { C, classWeight, byRatios });
  });
  return {
    labels: [...labels],
    problemType: "multi_label_classification",
    predictLogits: (texts, { onProgress } = {}) => {
      const rows = transform(texts);
      const scores = models.map((model) => model(rows));
      onProgress?.(texts.length, texts.length);
      return Promise.resolve(Float32Array.from(texts.flatMap((_, i) => scores.map((ofLabel) => ofLabel[i]))));
    },
  };
}

/** Trains one label against the rest. Returns a function that computes the score of each row, before the sigmoid. */
function fitOneLabel(
  x: SparseMatrix,
  flags: readonly number[],
  { byRatios, ...options }: LogisticRegressionOptions & { readonly byRatios: boolean },
): (rows: SparseMatrix) => number[] {
  if (flags.every((flag) => flag === flags[0])) {
    const score = flags[0] === 1 ? CERTAIN : -CERTAIN;
    return ({ shape: [count] }) => Array.from({ length: count }, () => score);
  }
  const scaled = ratioScaling(x, flags, { byRatios });
  const model = new LogisticRegression(options).fit(scaled(x), flags);
  return (rows) => model.logits(scaled(rows)).map(([, score]) => score); // the other class's score is 0
}

/** Trains this baseline on one set of texts and evaluates it on another. `elapsedSeconds` covers both. */
export async function evaluateMultiLabelBaseline(
  train: MultiLabelTexts,
  test: MultiLabelTexts,
  options: MultiLabelBaselineOptions & Pick<EvaluateMultiLabelOptions, "confidence">,
): Promise<MultiLabelEvaluation> {
  const { confidence, ...training } = options;
  const start = performance.now();
  const evaluation = await evaluateMultiLabel(trainMultiLabelBaseline(train, training), test, { confidence });
  return { ...evaluation, elapsedSeconds: (performance.now() - start) / 1000 };
}
