import { DEFAULT_SEED } from "../../base/default-seed";
import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import { stratifiedKFoldIndices } from "../../corpus/split/kfold-indices";
import { joinedText } from "../baseline/baseline-terms";
import { logCountRatios, scaleColumns } from "../baseline/log-count-ratios";
import { LogisticRegression } from "../baseline/logistic-regression";
import { TfidfVectorizer } from "../baseline/tfidf-vectorizer";
import { binomialUpperBound } from "../conformal/binomial";
import { readLabelledTexts, type LabelledTexts, type TextsAndLabels } from "../labelled-texts";
import type { Cascade, CascadeRecall } from "./cascade";
import { FIT_CASCADE_DEFAULTS, type FitCascadeOptions } from "./fit-cascade-options";
import { SCREEN_TERMS, textScorer, type ScreenModel } from "./text-screen";

/** Options with their defaults. @internal */
export interface CascadeSettings extends Required<
  Pick<FitCascadeOptions, "folds" | "maxRecallLoss" | "confidence" | "C">
> {
  readonly labels: readonly [string, string];
  /** Index of the positive label. */
  readonly positive: 0 | 1;
}

/**
 * Trains TF-IDF with logistic regression on log-count ratios ({@link logCountRatios}). Chooses the highest threshold at
 * which the loss of recall is bounded: `binomialUpperBound` of the texts below it that count, at `confidence`, is at
 * most `maxRecallLoss`. With `found` the positive texts that the encoder finds count, else all positive ones.
 *
 * @param train - labelled texts of both classes; a danfojs DataFrame or a list
 * @throws TsloraError `bad-input` if too few texts count for such a bound, if `found` has another length, or if a text
 *   of `validation` is in `train`; `unsupported` unless there are two labels.
 */
export function fitCascade(train: LabelledTexts, options: FitCascadeOptions = {}): Cascade {
  const { labels, positive, folds, maxRecallLoss, confidence, C } = cascadeSettings(options);
  const data = readLabelledTexts("fitCascade", train, { classes: 2 });
  const validation =
    options.validation === undefined ? undefined : readLabelledTexts("fitCascade", options.validation, { classes: 2 });
  const forThreshold = validation ?? data;
  if (validation !== undefined) expectNoTrainingTexts(validation, data);
  if (options.found !== undefined && options.found.length !== forThreshold.texts.length)
    throw new TsloraError(
      "bad-input",
      `fitCascade: found must hold a value for each of the ${forThreshold.texts.length} texts that choose the threshold; got ${options.found.length}.`,
    );
  const model = fitTerms(data, { positive, C });
  const scores =
    validation === undefined ? foldScores(data, { positive, C, folds }) : validation.texts.map(textScorer(model));
  const counted = scores.filter((_, i) => forThreshold.labels[i] === positive && (options.found?.[i] ?? true));
  const ofNegatives = scores.filter((_, i) => forThreshold.labels[i] !== positive);
  const counts = options.found === undefined ? "labelled" : "found";
  const threshold = highestThreshold(counted, { maxRecallLoss, confidence, counts });
  const missed = counted.filter((score) => score < threshold).length;
  const recall: CascadeRecall = {
    counts,
    positives: counted.length,
    missed,
    loss: missed / counted.length,
    lossBound: binomialUpperBound(missed, counted.length, 1 - confidence),
    confidence,
    negatives: ofNegatives.length,
    negativesPassed: ofNegatives.filter((score) => score >= threshold).length / Math.max(1, ofNegatives.length),
    measuredOn: validation === undefined ? "folds" : "validation",
  };
  const { encoderThreshold, encoderCalibration } = options;
  return {
    labels,
    positive,
    threshold,
    ...(encoderThreshold === undefined ? {} : { encoderThreshold }),
    ...(encoderCalibration === undefined ? {} : { encoderCalibration }),
    recall,
    ...model,
  };
}

/**
 * Refuses texts that the screen was trained on: their scores, and so the bound, would be too good.
 *
 * @throws TsloraError `bad-input`
 * @internal
 */
export function expectNoTrainingTexts(
  validation: Pick<TextsAndLabels, "texts">,
  { texts }: Pick<TextsAndLabels, "texts">,
): void {
  const trained = new Set(texts.map(joinedText));
  const first = validation.texts.findIndex((text) => trained.has(joinedText(text)));
  if (first === -1) return;
  const count = validation.texts.filter((text) => trained.has(joinedText(text))).length;
  throw new TsloraError(
    "bad-input",
    `fitCascade: no text of validation may be a training text; got ${count}, first in row ${first}. Remove them from one of the two, or give training texts alone, for folds.`,
    { details: { count, first } },
  );
}

/**
 * Checks the options and fills in the defaults. `LogisticRegression` checks `C`.
 *
 * @throws TsloraError `bad-option` that lists every bad option, `unsupported` unless there are two labels.
 * @internal
 */
export function cascadeSettings(options: FitCascadeOptions): CascadeSettings {
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
  const { encoderThreshold } = options;
  problems.expect(
    encoderThreshold === undefined || (encoderThreshold >= 0 && encoderThreshold <= 1),
    `encoderThreshold must be a number from 0 to 1; got ${encoderThreshold}`,
  );
  problems.expect(labels.includes(positive), `positive must be one of ${labels.join(", ")}; got ${positive}`);
  problems.throwIfAny();
  const [first, second] = labels;
  return { labels: [first, second], positive: positive === second ? 1 : 0, folds, maxRecallLoss, confidence, C };
}

function fitTerms(data: TextsAndLabels, { positive, C }: { positive: 0 | 1; C: number }): ScreenModel {
  const texts = data.texts.map(joinedText);
  const vectorizer = new TfidfVectorizer(SCREEN_TERMS).fit(texts);
  const x = vectorizer.transform(texts);
  const flags = data.labels.map((label) => (label === positive ? 1 : 0));
  const ratios = logCountRatios(x, flags);
  const { coef, intercept } = new LogisticRegression({ C }).fit(scaleColumns(x, ratios), flags);
  return {
    ngramRange: SCREEN_TERMS.ngramRange,
    terms: vectorizer.featureNames,
    idf: Array.from(vectorizer.idf),
    coef: Array.from(coef[0], (own, column) => own * ratios[column]),
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

/**
 * The highest threshold at which the loss of recall is bounded: the lowest score of the texts that must be passed.
 *
 * @param counted - scores of the texts that count
 * @throws TsloraError `bad-input` if there are too few of them for such a bound.
 */
function highestThreshold(
  counted: readonly number[],
  { maxRecallLoss, confidence, counts }: { maxRecallLoss: number; confidence: number; counts: CascadeRecall["counts"] },
): number {
  const n = counted.length;
  const within = (missed: number): boolean => binomialUpperBound(missed, n, 1 - confidence) <= maxRecallLoss;
  if (n === 0 || !within(0)) {
    const needed = Math.ceil(Math.log(1 - confidence) / Math.log(1 - maxRecallLoss));
    throw new TsloraError(
      "bad-input",
      `fitCascade: ${needed} positive texts${counts === "found" ? " that the encoder finds" : ""} are needed to bound the loss of recall by ${maxRecallLoss} with confidence ${confidence}; got ${n}. Give more texts, or a greater maxRecallLoss.`,
      { details: { needed, positives: n } },
    );
  }
  let missed = 0;
  while (missed + 1 < n && within(missed + 1)) missed++;
  const ascending = [...counted].sort((a, b) => a - b);
  return ascending[missed];
}
