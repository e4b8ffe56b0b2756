import { compareTokens } from "../compare-tokens";
import type { ParityLine } from "../parity-line";

/**
 * The same texts by tokenizers of 30,000 tokens and more: those of sentencepiece models, ModernBERT's, ELECTRA's,
 * MPNet's.
 */
export const line: ParityLine = {
  title: "token ids of large vocabularies",
  against: "transformers",
  run: compareTokens,
};
