import { compareTokens } from "../compare-tokens";
import type { ParityLine } from "../parity-line";

/**
 * The study's abstracts, hostile texts and random ones, by tokenizers of each kind, saved in each way, cut to several
 * lengths.
 */
export const line: ParityLine = {
  title: "token ids, masks, truncation",
  against: "transformers",
  run: compareTokens,
};
