/** A text as token ids. */
export interface TokenizedText {
  /** Ids with [CLS] and [SEP], cut to the tokenizer's length: [tokens]. */
  readonly ids: Int32Array;
  /** Whether the text has more tokens than were kept. */
  readonly truncated: boolean;
}

/** Converts texts to token ids, exactly as Python's tokenizer of the same folder. */
export interface Tokenizer {
  /** Most tokens of a text, including [CLS] and [SEP]; longer texts are cut. */
  readonly maxLength: number;
  readonly vocabSize: number;
  readonly padTokenId: number;
  /** Encodes each text separately. An empty text gives [CLS] [SEP]. */
  encode(texts: readonly string[]): TokenizedText[];
  /** The tokens of ids, for display. */
  tokens(ids: ArrayLike<number>): string[];
}
