import { DEFAULT_SEED } from "../../base/default-seed";
import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import { stratifiedKFoldIndices } from "../../corpus/split/kfold-indices";
import { BASELINE_TERMS, joinedText } from "../baseline/baseline-terms";
import { LogisticRegression } from "../baseline/logistic-regression";
import { TfidfVectorizer } from "../baseline/tfidf-vectorizer";
import { binomialUpperBound } from "../conformal/binomial";
import { readLabelledTexts, type LabelledTexts, type TextsAndLabels } from "../labelled-texts";
import type { Cascade, CascadeRecall } from "./cascade";
import { FIT_CASCADE_DEFAULTS, type FitCascadeOptions } from "./fit-cascade-options";
import { textScorer } from "./text-screen";

type Terms = Pick<Cascade, "terms" | "idf" | "coef" | "intercept" | "positive">;

/** Options with their defaults. */
interface Settings extends Required<Pick<FitCascadeOptions, "folds" | "maxRecallLoss" | "confidence" | "C">> {
  readonly labels: readonly [string, string];
  /** Index of the positive label. */
  readonly positive: 0 | 1;
}

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
  const { labels, positive, folds, maxRecallLoss, confidence, C } = settingsOf(options);
  const data = readLabelledTexts("fitCascade", train, { classes: 2 });
  const model = fitTerms(data, { positive, C });
  const { scores, labels: truth } =
    options.validation === undefined
      ? { scores: foldScores(data, { positive, C, folds }), labels: data.labels }
      : scoresOf(model, readLabelledTexts("fitCascade", options.validation, { classes: 2 }));
  const [ofPositives, ofNegatives] = [positive, 1 - positive].map((label) =>
    scores.filter((_, i) => truth[i] === label),
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
  return { labels, threshold, recall, ...model };
}

/** Checks the options and fills in the defaults. `LogisticRegression` checks `C`. */
function settingsOf(options: FitCascadeOptions): Settings {
  const { labels = ["NEGATIVE", "POSITIVE"], positive = labels[1] } = options;
  const {
    folds = FIT_CASCADE_DEFAULTS.folds,
    maxRecallLoss = FIT_CASCADE_DEFAULTS.maxRecallLoss,
    confidence = FIT_CASCADE_DEFAULTS.confidence,
    C = FIT_CASCADE_DEFAULTS.C,
  } = options;
  if (labels.length !== 2)
    throw new TsloraError("unsupported", `fitCascade: a cascade is for two labels; got ${labels.length}.`);
  const problems = new Problems("fitCascade");
  for (const [name, value] of Object.entries({ maxRecallLoss, confidence }))
    problems.expect(value > 0 && value < 1, `${name} must be above 0 and below 1; got ${value}`);
  problems.expect(Number.isInteger(folds) && folds >= 2, `folds must be a whole number from 2; got ${folds}`);
  problems.expect(labels.includes(positive), `positive must be one of ${labels.join(", ")}; got ${positive}`);
  problems.throwIfAny();
  const [first, second] = labels;
  return { labels: [first, second], positive: positive === second ? 1 : 0, folds, maxRecallLoss, confidence, C };
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
    const score = textScorer(fitTerms(rows, of));
    for (const row of test) scores[row] = score(texts[row]);
  }
  return scores;
}

function scoresOf(
  model: Terms,
  { texts, labels }: TextsAndLabels,
): { readonly scores: number[]; readonly labels: readonly number[] } {
  return { scores: texts.map(textScorer(model)), labels };
}

/**
 * The highest threshold at which the loss of recall is bounded: the lowest score of the positive texts that must be
 * passed.
 *
 * @param positives - scores of the positive texts
 * @throws TsloraError `bad-input` if there are too few of them for such a bound.
 */
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
  const ascending = [...positives].sort((a, b) => a - b);
  return ascending[missed];
}
