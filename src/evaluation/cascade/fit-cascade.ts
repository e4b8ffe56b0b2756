import { DEFAULT_SEED } from "../../base/default-seed";
import { Problems } from "../../base/problems";
import type { TextInput } from "../../base/text-input";
import { TsloraError } from "../../base/tslora-error";
import { stratifiedKFoldIndices } from "../../corpus/split/kfold-indices";
import { BASELINE_TERMS, joinedText } from "../baseline/baseline-terms";
import { LogisticRegression } from "../baseline/logistic-regression";
import { TfidfVectorizer } from "../baseline/tfidf-vectorizer";
import { binomialUpperBound } from "../conformal/binomial";
import { readLabelledTexts, type LabelledTexts, type TextsAndLabels } from "../labelled-texts";
import type { Cascade, CascadeRecall } from "./cascade";
import { TextScreen } from "./text-screen";

/** Options of {@link fitCascade}. */
export interface FitCascadeOptions {
  /** The classifier's two labels. @default ["NEGATIVE", "POSITIVE"] */
  readonly labels?: readonly string[];
  /** The label that must not be missed. @default the second */
  readonly positive?: string;
  /**
   * Labelled texts that choose the threshold.
   * @default folds of the training texts
   */
  readonly validation?: LabelledTexts;
  /** Number of folds, without `validation`. @default 10 */
  readonly folds?: number;
  /** The greatest loss of recall: its upper bound is at most this. @default 0.01 */
  readonly maxRecallLoss?: number;
  /** Confidence of the bound, one-sided. @default 0.95 */
  readonly confidence?: number;
  /** Inverse strength of the penalty of the logistic regression. @default 10 */
  readonly C?: number;
}

type Terms = Pick<Cascade, "terms" | "idf" | "coef" | "intercept" | "positive">;

/**
 * Trains TF-IDF with logistic regression, and chooses the highest threshold at which the loss of recall is bounded:
 * `binomialUpperBound` of the positive texts below it, at `confidence`, is at most `maxRecallLoss`. A positive text
 * below the threshold counts as lost even if the encoder would have missed it too.
 *
 * @param train - labelled texts of both classes; a danfojs DataFrame or a list
 * @throws TsloraError `bad-input` if there are too few positive texts for such a bound, `unsupported` unless there are
 *   two labels.
 */
export function fitCascade(train: LabelledTexts, options: FitCascadeOptions = {}): Cascade {
  const { labels = ["NEGATIVE", "POSITIVE"], maxRecallLoss = 0.01, confidence = 0.95, C = 10, folds = 10 } = options;
  const positive = checked(options, labels);
  const data = readLabelledTexts("fitCascade", train, { classes: 2 });
  const model = fitTerms(data, { positive, C });
  const { scores, labels: truth } =
    options.validation === undefined
      ? { scores: foldScores(data, { positive, C, folds }), labels: data.labels }
      : scoresOf(model, readLabelledTexts("fitCascade", options.validation, { classes: 2 }));
  const [ofPositives, ofNegatives] = [positive, 1 - positive].map((label) =>
    scores.filter((_, i) => truth[i] === label).sort((a, b) => a - b),
  );
  const threshold = highestThreshold(ofPositives, { maxRecallLoss, confidence });
  const missed = ofPositives.filter((score) => score < threshold).length;
  const recall: CascadeRecall = {
    positives: ofPositives.length,
    missed,
    loss: missed / ofPositives.length,
    lossBound: binomialUpperBound(missed, ofPositives.length, 1 - confidence),
    confidence,
    negatives: ofNegatives.length,
    negativesPassed: ofNegatives.filter((score) => score >= threshold).length / Math.max(1, ofNegatives.length),
    measuredOn: options.validation === undefined ? "folds" : "validation",
  };
  return { labels: [labels[0], labels[1]], threshold, recall, ...model };
}

/** The index of the positive label. */
function checked(options: FitCascadeOptions, labels: readonly string[]): 0 | 1 {
  const { maxRecallLoss = 0.01, confidence = 0.95, folds = 10, positive = labels[1] } = options;
  if (labels.length !== 2)
    throw new TsloraError("unsupported", `fitCascade: a cascade is for two labels; got ${labels.length}.`);
  const problems = new Problems("fitCascade");
  for (const [name, value] of Object.entries({ maxRecallLoss, confidence }))
    problems.expect(value > 0 && value < 1, `${name} must be above 0 and below 1; got ${value}`);
  problems.expect(Number.isInteger(folds) && folds >= 2, `folds must be a whole number from 2; got ${folds}`);
  problems.expect(labels.includes(positive), `positive must be one of ${labels.join(", ")}; got ${positive}`);
  problems.throwIfAny();
  return positive === labels[1] ? 1 : 0;
}

function fitTerms(data: TextsAndLabels, { positive, C }: { positive: 0 | 1; C: number }): Terms {
  const texts = data.texts.map(joinedText);
  const vectorizer = new TfidfVectorizer(BASELINE_TERMS).fit(texts);
  const flags = data.labels.map((label) => (label === positive ? 1 : 0));
  const { coef, intercept } = new LogisticRegression({ C }).fit(vectorizer.transform(texts), flags);
  return {
    positive,
    terms: vectorizer.featureNames,
    idf: Array.from(vectorizer.idf),
    coef: Array.from(coef[0]),
    intercept: intercept[0],
  };
}

/** Scores of each text by a model that was trained on the other folds. */
function foldScores(
  { texts, labels }: TextsAndLabels,
  { folds, ...of }: { positive: 0 | 1; C: number; folds: number },
): number[] {
  const scores = new Array<number>(texts.length);
  for (const { train, test } of stratifiedKFoldIndices(labels, {
    nSplits: folds,
    shuffle: true,
    randomState: DEFAULT_SEED,
  })) {
    const rows = { texts: train.map((row) => texts[row]), labels: train.map((row) => labels[row]) };
    const screen = screenOf(fitTerms(rows, of));
    for (const row of test) scores[row] = screen.score(texts[row]);
  }
  return scores;
}

function scoresOf(
  model: Terms,
  { texts, labels }: TextsAndLabels,
): { readonly scores: number[]; readonly labels: readonly number[] } {
  const screen = screenOf(model);
  return { scores: texts.map((text: TextInput) => screen.score(text)), labels };
}

function screenOf(model: Terms): TextScreen {
  return new TextScreen({ ...model, threshold: 0 });
}

/** The score of the first positive text that must be passed. */
function highestThreshold(
  positives: readonly number[],
  { maxRecallLoss, confidence }: { maxRecallLoss: number; confidence: number },
): number {
  const n = positives.length;
  const within = (missed: number): boolean => binomialUpperBound(missed, n, 1 - confidence) <= maxRecallLoss;
  if (n === 0 || !within(0)) {
    const needed = Math.ceil(Math.log(1 - confidence) / Math.log(1 - maxRecallLoss));
    throw new TsloraError(
      "bad-input",
      `fitCascade: ${needed} positive texts are needed to bound the loss of recall by ${maxRecallLoss} with confidence ${confidence}; got ${n}. Give more texts, or a greater maxRecallLoss.`,
      { details: { needed, positives: n } },
    );
  }
  let missed = 0;
  while (missed + 1 < n && within(missed + 1)) missed++;
  return positives[missed];
}
