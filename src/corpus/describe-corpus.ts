import type { DataFrame } from "danfojs-node";

import { normaliseInput } from "./split/find-leaks";
import { readFrame, textInputs } from "./read-frame";

/** A corpus in numbers. */
export interface CorpusDescription {
  readonly count: number;
  /** Number of texts of each label, and their share of all, in [0, 1]. */
  readonly labels: readonly { readonly label: number; readonly count: number; readonly share: number }[];
  /**
   * Lengths in words separated by white space, including tags, of both texts of a pair; percentiles by linear
   * interpolation, as in NumPy.
   */
  readonly words: {
    readonly min: number;
    readonly mean: number;
    readonly median: number;
    readonly p95: number;
    readonly max: number;
  };
  /** Lengths in words, one per row, for a histogram. */
  readonly lengths: readonly number[];
  /** Groups of IDs with the same text, ignoring case, punctuation and white space. */
  readonly sameText: readonly (readonly string[])[];
}

/**
 * Describes a frame of texts, for the start of a notebook.
 *
 * @throws TsloraError `bad-input` if the frame has not the columns of a corpus.
 */
export function describeCorpus(frame: DataFrame): CorpusDescription {
  const { texts, textPairs, ID, label } = readFrame(frame);
  const words = (text: string): number => (text.match(/\S+/g) ?? []).length;
  const lengths = texts.map((text, row) => words(text) + words(textPairs?.[row] ?? ""));
  const sorted = [...lengths].sort((a, b) => a - b);
  const counts = new Map<number, number>();
  for (const value of label) counts.set(value, (counts.get(value) ?? 0) + 1);
  const twins = new Map<string, string[]>();
  textInputs(frame).forEach((text, row) => {
    const key = normaliseInput(text);
    const group = twins.get(key);
    if (group === undefined) twins.set(key, [ID[row]]);
    else group.push(ID[row]);
  });
  return {
    count: texts.length,
    labels: [...counts]
      .sort(([a], [b]) => a - b)
      .map(([value, count]) => ({ label: value, count, share: count / texts.length })),
    words: {
      min: percentile(sorted, 0),
      mean: lengths.reduce((sum, length) => sum + length, 0) / lengths.length,
      median: percentile(sorted, 0.5),
      p95: percentile(sorted, 0.95),
      max: percentile(sorted, 1),
    },
    lengths,
    sameText: [...twins.values()].filter((group) => group.length > 1),
  };
}

function percentile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  const step = sorted[above] - sorted[below];
  const part = place - below;
  // interpolates from the nearer end, as NumPy does
  return part < 0.5 ? sorted[below] + step * part : sorted[above] - step * (1 - part);
}
