/** A text as token ids. */
export interface TokenizedText {
  /** Ids with [CLS] and [SEP], cut to the tokenizer's length: [tokens]. */
  readonly ids: Int32Array;
  /** Whether the text has more tokens than were kept. */
  readonly truncated: boolean;
}

/** Turns texts into token ids as Python's tokenizer of the same folder does. */
export interface Tokenizer {
  /** Tokens that a text is cut to, [CLS] and [SEP] counted. */
  readonly maxLength: number;
  readonly vocabSize: number;
  readonly padTokenId: number;
  /** Each text by itself; an empty one is [CLS] [SEP]. */
  encode(texts: readonly string[]): TokenizedText[];
  /** The tokens behind ids, for showing. */
  tokens(ids: ArrayLike<number>): string[];
}
