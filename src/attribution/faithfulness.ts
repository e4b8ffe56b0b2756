import { Problems } from "../base/problems";
import { shownValue } from "../base/shown-value";
import type { TextInput } from "../base/text-input";
import { probabilitiesOf } from "../evaluation/probabilities-of";
import { predictRows } from "../evaluation/predict-rows";
import type { PredictLogitsOptions, TextClassifier } from "../evaluation/text-classifier";
import { onlyWords, withoutWords } from "./edited-text";
import { expectLabels, type RankedWords } from "./ranked-words";

/** Options of {@link faithfulness}. */
export interface FaithfulnessOptions extends PredictLogitsOptions {
  /** Shares of a text's words that are deleted or inserted, from 0 to 1 and rising. @default 0, 0.1, ... 1 */
  readonly shares?: readonly number[];
}

/** The mean probability of the label while words are deleted from texts, or inserted into empty ones. */
export interface FaithfulnessCurve {
  /** Mean probability at each share: [shares]. */
  readonly probabilities: readonly number[];
  /** Area below the curve, by the trapezoidal rule. */
  readonly area: number;
}

/** Measures of a ranking's faithfulness to the classifier. */
export interface Faithfulness {
  readonly shares: readonly number[];
  /** The words with the largest scores are deleted first. The smaller the area, the more faithful the ranking. */
  readonly deletion: FaithfulnessCurve;
  /** The words with the largest scores are inserted first. The larger the area, the more faithful the ranking. */
  readonly insertion: FaithfulnessCurve;
}

const SHARES = Array.from({ length: 11 }, (_, i) => i / 10);

/**
 * Deletion and insertion curves (Petsiuk et al., "RISE", 2018) of rankings of words: how fast the probability of the
 * label falls when the words with the largest scores leave the text, and rises when they enter an empty one. Compare a
 * method with `randomScores` and with `leaveOneOut` on the TF-IDF baseline.
 *
 * @param rankings - rankings by name, such as the results of `attribute`
 * @throws TsloraError `bad-option` if the shares are not from 0 to 1 and rising, or a label is not the classifier's;
 *   `bad-input` if there is no text
 */
export async function faithfulness<Name extends string>(
  classifier: TextClassifier,
  rankings: Readonly<Record<Name, readonly RankedWords[]>>,
  options: FaithfulnessOptions = {},
): Promise<Record<Name, Faithfulness>> {
  const { shares = SHARES, ...passes } = options;
  const names = Object.keys(rankings) as Name[];
  check(classifier, Object.values<readonly RankedWords[]>(rankings), shares);
  const found: Partial<Record<Name, Faithfulness>> = {};
  for (const name of names) {
    const ranked = rankings[name].map((one) => ({ ...one, words: [...one.words].sort((a, b) => b.score - a.score) }));
    const curve = (edit: (one: RankedWords, count: number) => TextInput): Promise<FaithfulnessCurve> =>
      curveOf(classifier, ranked, { shares, edit, passes });
    found[name] = {
      shares,
      deletion: await curve((one, count) => withoutWords(one.text, one.words.slice(0, count))),
      insertion: await curve((one, count) => onlyWords(one.text, one.words.slice(0, count))),
    };
  }
  return found as Record<Name, Faithfulness>;
}

/** The curve for one kind of edit. `edit(text, count)` deletes or inserts the `count` words with the largest scores. */
async function curveOf(
  classifier: TextClassifier,
  ranked: readonly RankedWords[],
  options: {
    shares: readonly number[];
    edit: (one: RankedWords, count: number) => TextInput;
    passes: PredictLogitsOptions;
  },
): Promise<FaithfulnessCurve> {
  const { shares, edit, passes } = options;
  const versions = ranked.flatMap((one) => shares.map((share) => edit(one, Math.round(share * one.words.length))));
  const rows = await predictRows("faithfulness", classifier, { ...passes, texts: versions });
  const sums = new Float64Array(shares.length);
  ranked.forEach(({ label }, text) => {
    const index = classifier.labels.indexOf(label);
    shares.forEach((_, at) => {
      sums[at] += probabilitiesOf(rows[text * shares.length + at], classifier)[index];
    });
  });
  const probabilities = [...sums].map((sum) => sum / ranked.length);
  const area = shares
    .slice(1)
    .reduce((total, share, i) => total + ((share - shares[i]) * (probabilities[i] + probabilities[i + 1])) / 2, 0);
  return { probabilities, area };
}

function check(
  classifier: TextClassifier,
  rankings: readonly (readonly RankedWords[])[],
  shares: readonly number[],
): void {
  const problems = new Problems("faithfulness");
  problems.expect(
    shares.length >= 2 && shares.every((share, i) => share >= 0 && share <= 1 && (i === 0 || share > shares[i - 1])),
    `shares must be two or more rising numbers from 0 to 1; got ${shownValue(shares)}`,
  );
  expectLabels(problems, classifier, rankings.flat());
  problems.throwIfAny();
  problems.expect(
    rankings.every(({ length }) => length > 0),
    "each ranking must have at least one text; got one without texts",
  );
  problems.throwIfAny("bad-input");
}
