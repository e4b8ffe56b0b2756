import { WORDS } from "../../corpus/text/words";

/** A text that contains the name of its own label, with the shares of such texts. */
export interface LabelInText {
  readonly row: number;
  readonly name: string;
  /** The share of the label's texts that contain the name. */
  readonly ownShare: number;
  /** The share of the other texts that contain it. */
  readonly otherShare: number;
}

/**
 * Finds texts that contain the name of their own label as a word, in upper or lower case: a classifier could read the
 * answer there. Names without a letter are skipped. In names, `_`, `-` and white space are equal.
 */
export function findLabelInTexts(
  texts: readonly string[],
  labels: readonly number[],
  names: readonly string[],
): LabelInText[] {
  const found: LabelInText[] = [];
  for (const [label, name] of names.entries()) {
    const pattern = wordPattern(name);
    if (pattern === undefined) continue;
    const own: number[] = [];
    let [ownTexts, otherTexts, others] = [0, 0, 0];
    for (const [row, text] of texts.entries()) {
      const contains = pattern.test(text);
      if (labels[row] === label) {
        ownTexts++;
        if (contains) own.push(row);
      } else {
        otherTexts++;
        if (contains) others++;
      }
    }
    const [ownShare, otherShare] = [own.length / Math.max(1, ownTexts), others / Math.max(1, otherTexts)];
    for (const row of own) found.push({ row, name, ownShare, otherShare });
  }
  return found;
}

/** The words of a label side by side, with no letter, digit or mark of a longer word around them. */
function wordPattern(name: string): RegExp | undefined {
  const parts = name.match(WORDS);
  if (parts === null || !/\p{L}/u.test(name)) return undefined;
  return new RegExp(`(?<![\\p{L}\\p{N}]\\p{M}*)${parts.join("[^\\p{L}\\p{N}]+")}(?![\\p{L}\\p{M}\\p{N}])`, "iu");
}
