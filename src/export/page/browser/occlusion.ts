import type { Effect } from "./messages";

/** In a text of at most this many words, each word is left out by itself. Longer texts are searched in two rounds. */
export const MOST_WORDS = 60;
/** Number of parts in the first round, and of words (of the strongest parts) in the second. */
export const PARTS = 24;
export const FINE_WORDS = 36;

/** A part of a text, in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The words of a text, separated by white space. */
export function wordsOf(text: string): Span[] {
  return Array.from(text.matchAll(/\S+/gu), ({ 0: word, index }) => ({ start: index, end: index + word.length }));
}

/** The text without a part. */
export function without(text: string, { start, end }: Span): string {
  return `${text.slice(0, start)}${text.slice(end)}`;
}

/** The log-odds of a probability, which is first clipped to [1e-12, 1 - 1e-12]. */
export function logOdds(probability: number): number {
  const inside = Math.min(1 - 1e-12, Math.max(1e-12, probability));
  return Math.log(inside / (1 - inside));
}

/** Divides words into `count` parts (or fewer) of equal numbers of neighbouring words. */
export function inParts(words: readonly Span[], count: number): Span[][] {
  const size = Math.ceil(words.length / count);
  return Array.from({ length: Math.ceil(words.length / size) }, (_, i) => words.slice(i * size, (i + 1) * size));
}

/** Progress of an explanation: the effects so far, and how much of the work is done. */
export interface Explanation {
  readonly effects: readonly Effect[];
  readonly done: number;
  readonly total: number;
}

/**
 * Leaves words out of a text, one by one, and yields how the log-odds of the label change. (Near 0 and 1 the
 * probability itself hardly changes.) A text of more than {@link MOST_WORDS} words is searched in two rounds: first in
 * {@link PARTS} parts, then in up to {@link FINE_WORDS} single words of the parts with the largest effects (in a very
 * long text, a few words at a time). The model runs at most 61 times.
 *
 * @param probabilityOf - the probability of the explained label
 */
export async function* explain(
  text: string,
  probabilityOf: (text: string) => Promise<number>,
): AsyncGenerator<Explanation, void, void> {
  const words = wordsOf(text);
  if (words.length === 0) return;
  const whole = logOdds(await probabilityOf(text));
  const changeOf = async (span: Span): Promise<Effect> => {
    const probability = await probabilityOf(without(text, span));
    return { ...span, change: whole - logOdds(probability), without: probability };
  };
  const effects: Effect[] = [];
  if (words.length <= MOST_WORDS) {
    for (const word of words) {
      effects.push(await changeOf(word));
      yield { effects: [...effects], done: effects.length, total: words.length };
    }
    return;
  }
  const parts = inParts(words, PARTS);
  const found: { readonly part: readonly Span[]; readonly effect: Effect }[] = [];
  const fine = Math.max(1, Math.floor(FINE_WORDS / parts[0].length)); // number of parts to search further
  const pieces = Math.floor(FINE_WORDS / fine); // number of pieces of each of these parts
  let total = parts.length + FINE_WORDS;
  for (const part of parts) {
    found.push({ part, effect: await changeOf(spanOf(part)) });
    yield { effects: found.map(({ effect }) => effect), done: found.length, total };
  }
  const byStrength = [...found].sort((a, b) => Math.abs(b.effect.change) - Math.abs(a.effect.change));
  const chosen = new Set(byStrength.slice(0, fine));
  const coarse = found.filter((one) => !chosen.has(one)).map(({ effect }) => effect);
  const further = [...chosen].flatMap(({ part }) => inParts(part, pieces));
  total = parts.length + further.length;
  for (const part of further) {
    effects.push(await changeOf(spanOf(part)));
    const all = [...coarse, ...effects].sort((a, b) => a.start - b.start);
    yield { effects: all, done: parts.length + effects.length, total };
  }
}

function spanOf(words: readonly Span[]): Span {
  return { start: words[0].start, end: words[words.length - 1].end };
}
