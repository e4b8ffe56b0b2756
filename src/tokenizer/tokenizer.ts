import type { TextInput } from "../base/text-input";

/** A text, or a pair of texts, as token ids. */
export interface TokenizedText {
  /** Ids with [CLS] and [SEP], cut to the tokenizer's length: [tokens]. */
  readonly ids: Int32Array;
  /** Token types, such as 1 for the tokens of a second text: [tokens]. Undefined if all are 0. */
  readonly types?: Int32Array;
  /** Whether the text has more tokens than were kept. */
  readonly truncated: boolean;
}

/** Converts texts to token ids, exactly as Python's tokenizer of the same folder. */
export interface Tokenizer {
  /** Most tokens of a text, including [CLS] and [SEP]; longer texts are cut. */
  readonly maxLength: number;
  readonly vocabSize: number;
  readonly padTokenId: number;
  /**
   * Encodes each text, or pair of texts, separately. With BERT's template, an empty text gives [CLS] [SEP] and a pair
   * gives [CLS] a [SEP] b [SEP]. The longer text of a pair is cut first. As in transformers' batches, a pair with an
   * empty second text stays a pair.
   *
   * @throws TsloraError `unsupported` for a pair if the tokenizer has no template of pairs, `bad-option` if `maxLength`
   *   leaves no room for a pair's special tokens.
   */
  encode(texts: readonly TextInput[]): TokenizedText[];
  /** The tokens of ids, for display. */
  tokens(ids: ArrayLike<number>): string[];
}
