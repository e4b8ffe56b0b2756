import { median } from "../../src/base/median";

/** Work that was measured on our side and on another, in rounds that alternated. */
export interface Comparison {
  /** What was done, e.g. `epoch, DistilBERT size, default dropout`. */
  readonly work: string;
  /** By what else, e.g. `transformers + peft, random batches`. */
  readonly against: string;
  readonly unit: "s" | "GB";
  /** Each round's measurement on our side; less is better. */
  readonly ours: readonly number[];
  /** Those on the other side, round by round. */
  readonly theirs: readonly number[];
  /** How rounds make one figure: their median, or their sum where the rounds are the parts of the whole. */
  readonly combine: "median" | "sum";
  /** What the ratio theirs / ours must be. */
  readonly bar?: Bar;
  /** What else there is to know of it, in a sentence. */
  readonly note?: string;
}

/** The bar for a ratio. */
export interface Bar {
  readonly atLeast: number;
  readonly aim?: number;
}

/** A figure beside the ratios. */
export interface Fact {
  readonly what: string;
  readonly value: string;
  /** Whether its bar is held, where it has one. */
  readonly held?: boolean;
}

/** What a line found. */
export interface LineResult {
  readonly comparisons: readonly Comparison[];
  readonly facts?: readonly Fact[];
}

/** What a line is run with. */
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
  /** Whether all batches of an epoch, and all texts, are run, in the place of a sample. */
  readonly whole: boolean;
  /** What lines before this one found. */
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
