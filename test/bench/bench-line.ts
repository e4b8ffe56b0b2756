import { median } from "../../src/base/median";

/** Work that was measured on our side and on another, in rounds that alternated. */
export interface Comparison {
  /** Work that was done, e.g. `epoch, DistilBERT size, default dropout`. */
  readonly work: string;
  /** By what else, e.g. `transformers + peft, random batches`. */
  readonly against: string;
  readonly unit: "s" | "GB";
  /** Each round's measurement on our side; less is better. */
  readonly ours: readonly number[];
  /** Those on the other side, round by round. */
  readonly theirs: readonly number[];
  /** Combination of rounds into one figure: their median, or their sum where the rounds are the parts of the whole. */
  readonly combine: "median" | "sum";
  /** Bar for the ratio theirs / ours. */
  readonly bar?: Bar;
  /** Further information, in a sentence. */
  readonly note?: string;
}

/** The bar for a ratio. */
export interface Bar {
  readonly atLeast: number;
  readonly aim?: number;
}

/** A further figure of a line. */
export interface Fact {
  readonly what: string;
  readonly value: string;
  /** Whether its bar is held, where it has one. */
  readonly held?: boolean;
}

/** Result of a line. */
export interface LineResult {
  readonly comparisons: readonly Comparison[];
  readonly facts?: readonly Fact[];
}

/** Settings and services of a line. */
export interface BenchContext {
  /** An empty folder of the line's own, removed afterwards. */
  readonly folder: string;
  /** A folder where model folders are made, once a run. */
  readonly models: string;
  /** The reference environment's Python. */
  readonly python: string;
  readonly seed: number;
  /** Rounds that are measured, after one that is not. */
  readonly rounds: number;
  /** Whether all batches of an epoch, and all texts, are run, instead of a sample. */
  readonly whole: boolean;
  /** Results of the lines before this one. */
  readonly earlier: readonly Comparison[];
  /** Tells whoever watches how far the line is. */
  readonly note: (text: string) => void;
}

/** A line of the bars' table: a file of `test/bench/lines` exports one as `line`. */
export interface BenchLine {
  readonly title: string;
  /** Lines run in this order. */
  readonly order: number;
  readonly run: (context: BenchContext) => Promise<LineResult>;
}

/** A comparison in numbers. */
export interface Ratio {
  readonly ours: number;
  readonly theirs: number;
  /** theirs / ours: how many times less it takes here. */
  readonly ratio: number;
  /** The lowest and the highest of the rounds. */
  readonly lowest: number;
  readonly highest: number;
}

/** The ratio of a comparison: the median of the rounds' ratios, or the ratio of the sums. */
export function ratioOf({ ours, theirs, combine }: Comparison): Ratio {
  const ratios = ours.map((value, i) => theirs[i] / value);
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const one = combine === "sum" ? sum : median;
  return {
    ours: one(ours),
    theirs: one(theirs),
    ratio: combine === "sum" ? sum(theirs) / sum(ours) : median(ratios),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
  };
}
