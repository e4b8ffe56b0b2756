import { DEFAULT_SEED } from "../base/default-seed";
import { Problems } from "../base/problems";
import { Random } from "../base/random";
import { predictRows } from "../evaluation/predict-rows";
import type { PredictLogitsOptions, TextClassifier } from "../evaluation/text-classifier";
import { withoutWords } from "./edited-text";
import { expectLabels, type RankedWords } from "./ranked-words";

/**
 * Scores each word by how much the label's logit falls when the word is left out of its text. Works for any classifier,
 * such as the TF-IDF baseline, so that its words can be compared with those of an encoder.
 *
 * @param texts - the result of `attribute`, or any texts with their words and label
 * @throws TsloraError `bad-option` if a label is not the classifier's
 */
export async function leaveOneOut<T extends RankedWords>(
  classifier: TextClassifier,
  texts: readonly T[],
  options: PredictLogitsOptions = {},
): Promise<T[]> {
  const problems = new Problems("leaveOneOut");
  expectLabels(problems, classifier, texts);
  problems.throwIfAny();
  const versions = texts.flatMap((one) => [one.text, ...one.words.map((word) => withoutWords(one.text, [word]))]);
  const rows = await predictRows("leaveOneOut", classifier, { ...options, texts: versions });
  let at = 0;
  return texts.map((one) => {
    const label = classifier.labels.indexOf(one.label);
    const whole = rows[at++][label];
    return { ...one, words: one.words.map((word) => ({ ...word, score: whole - rows[at++][label] })) };
  });
}

/** The same words with random scores from 0 to 1, as a reference. @param options.seed - 42 by default */
export function randomScores<T extends RankedWords>(texts: readonly T[], options: { seed?: number } = {}): T[] {
  const random = new Random(options.seed ?? DEFAULT_SEED);
  return texts.map((one) => ({ ...one, words: one.words.map((word) => ({ ...word, score: random.uniform() })) }));
}
