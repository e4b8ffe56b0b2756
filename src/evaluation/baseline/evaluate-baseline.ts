import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import { evaluate, type EvaluateOptions } from "../evaluate";
import type { Evaluation } from "../evaluation";
import { readLabelledTexts, type LabelledTexts } from "../labelled-texts";
import type { TextClassifier } from "../text-classifier";
import { baselineTerms, type BaselineOptions } from "./baseline-terms";
import { ratioScaling } from "./log-count-ratios";
import { LogisticRegression } from "./logistic-regression";

/**
 * Trains the baseline, logistic regression on TF-IDF. A fine-tuned model must beat it to be worth its training. A pair
 * of texts counts as one text.
 *
 * @param train - a danfojs DataFrame with the columns `texts` and `label`, or a list of `{ text, label }`
 * @returns a classifier like any other
 * @throws TsloraError `bad-input` if a class has no text or no term occurs in two texts, `bad-option` for log-count
 *   ratios of more than two classes.
 */
export function trainBaseline(train: LabelledTexts, options: BaselineOptions = {}): TextClassifier {
  const {
    labels = ["NEGATIVE", "POSITIVE"],
    C = 10,
    classWeight,
    logCountRatios: byRatios = false,
    ...terms
  } = options;
  const problems = new Problems("trainBaseline");
  problems.expect(labels.length >= 2, `labels must name two classes or more; got ${labels.length}`);
  problems.expect(!byRatios || labels.length <= 2, `logCountRatios is for two classes; got ${labels.length}`);
  problems.throwIfAny();
  const data = readLabelledTexts("trainBaseline", train, { classes: labels.length });
  const missing = labels.filter((_, label) => !data.labels.includes(label));
  if (missing.length > 0)
    throw new TsloraError(
      "bad-input",
      `trainBaseline: every class must have a text; there is none of ${missing.join(", ")}.`,
    );
  const { fitted, transform } = baselineTerms(data.texts, terms);
  const scaled = ratioScaling(fitted, data.labels, { byRatios });
  const model = new LogisticRegression({ C, classWeight }).fit(scaled(fitted), data.labels);
  return {
    labels: [...labels],
    predictLogits: (texts, { onProgress } = {}) => {
      const logits = Float32Array.from(model.logits(scaled(transform(texts))).flat());
      onProgress?.(texts.length, texts.length);
      return Promise.resolve(logits);
    },
  };
}

/** Trains the baseline on one set of texts and evaluates it on another. `elapsedSeconds` covers both. */
export async function evaluateBaseline(
  train: LabelledTexts,
  test: LabelledTexts,
  options: BaselineOptions & Pick<EvaluateOptions, "confidence"> = {},
): Promise<Evaluation> {
  const { confidence, ...training } = options;
  const start = performance.now();
  const evaluation = await evaluate(trainBaseline(train, training), test, { confidence });
  return { ...evaluation, elapsedSeconds: (performance.now() - start) / 1000 };
}
