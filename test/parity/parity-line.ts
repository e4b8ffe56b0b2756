import type { Random } from "../../src/base/random";

/** One thing that was compared, over many cases. */
export interface Measure {
  /** The model type, where the line measures each: a row of the table of architectures. */
  readonly type?: string;
  /** Name of the part of the line, e.g. `gradients, DistilBERT, DoRA`. */
  readonly what: string;
  readonly cases: number;
  /** The largest difference found; for things that must be identical, the number of cases that are not. */
  readonly largest: number;
  /** Largest value allowed; 0 for identical. */
  readonly bound: number;
  /** Place of the largest difference. */
  readonly worst?: string;
}

/** Settings and services of a line. */
export interface ParityContext {
  /** Random numbers of the line's own, by the printed seed and the line's name. */
  readonly random: Random;
  /** Model types of `architectures.ts` that are compared: all, or those of `--type`. */
  readonly types: readonly string[];
  /** An empty folder, removed afterwards. */
  readonly folder: string;
  /** 1 for the whole run, less for a quick look: the line multiplies its number of cases by it. */
  readonly scale: number;
  /** Cases at this scale: at least 1. */
  readonly cases: (atFullScale: number) => number;
  /** Runs the line's Python file in the reference environment; input and output are JSON. */
  readonly python: (input: unknown) => Promise<unknown>;
  /** Tells whoever watches how far the line is. */
  readonly note: (text: string) => void;
}

/** A line of the parity table: a file of `test/parity/lines` exports one as `line`. */
export interface ParityLine {
  readonly title: string;
  /** Library of the reference. */
  readonly against: string;
  readonly run: (context: ParityContext) => Promise<readonly Measure[]>;
}

/** Whether a difference is within its bound; NaN is not. */
export function holds({ largest, bound }: Pick<Measure, "largest" | "bound">): boolean {
  return largest <= bound;
}
