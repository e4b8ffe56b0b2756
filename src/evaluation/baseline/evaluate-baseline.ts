import { Problems } from "../../base/problems";
import type { TextInput } from "../../base/text-input";
import { TsloraError } from "../../base/tslora-error";
import { evaluate, type EvaluateOptions } from "../evaluate";
import type { Evaluation } from "../evaluation";
import { readLabelledTexts, type LabelledTexts } from "../labelled-texts";
import type { TextClassifier } from "../text-classifier";
import { LogisticRegression, type LogisticRegressionOptions } from "./logistic-regression";
import { TfidfVectorizer, type TfidfOptions } from "./tfidf-vectorizer";

/** Options of {@link evaluateBaseline}: terms, penalty and class weights. */
export interface BaselineOptions extends TfidfOptions {
  /** Names of the classes. @default ["NEGATIVE", "POSITIVE"] */
  readonly labels?: readonly string[];
  /** Inverse strength of the penalty. @default 10 */
  readonly C?: number;
  /** Class weights, or "balanced". @default 1 for each class */
  readonly classWeight?: LogisticRegressionOptions["classWeight"];
}

/** Words and pairs of words that occur in two texts or more, with damped counts. */
const TERMS = { ngramRange: [1, 2], minDf: 2, sublinearTf: true } as const;

/**
 * Trains the baseline, logistic regression on TF-IDF. A fine-tuned model must beat it to be worth its training. A pair
 * of texts counts as one text.
 *
 * @param train - a danfojs DataFrame with the columns `texts` and `label`, or a list of `{ text, label }`
 * @returns a classifier like any other
 * @throws TsloraError `bad-input` if a class has no text or no term occurs in two texts.
 */
export function trainBaseline(train: LabelledTexts, options: BaselineOptions = {}): TextClassifier {
  const { labels = ["NEGATIVE", "POSITIVE"], C = 10, classWeight, ...terms } = options;
  const problems = new Problems("trainBaseline");
  problems.expect(labels.length >= 2, `labels must name two classes or more; got ${labels.length}`);
  problems.throwIfAny();
  const data = readLabelledTexts("trainBaseline", train, { classes: labels.length });
  const missing = labels.filter((_, label) => !data.labels.includes(label));
  if (missing.length > 0)
    throw new TsloraError(
      "bad-input",
      `trainBaseline: texts of every class were expected; none is ${missing.join(", ")}.`,
    );
  const texts = data.texts.map(joined);
  const vectorizer = new TfidfVectorizer({ ...TERMS, ...terms }).fit(texts);
  const model = new LogisticRegression({ C, classWeight }).fit(vectorizer.transform(texts), data.labels);
  return {
    labels: [...labels],
    predictLogits: (texts: readonly TextInput[], { onProgress } = {}) => {
      const logits = Float32Array.from(model.logits(vectorizer.transform(texts.map(joined))).flat());
      onProgress?.(texts.length, texts.length);
      return Promise.resolve(logits);
    },
  };
}

/** A text as it is, a pair of texts as one text. */
function joined(text: TextInput): string {
  return typeof text === "string" ? text : text.join("\n");
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
