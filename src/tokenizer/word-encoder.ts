import { TsloraError } from "../base/tslora-error";

/** The part of @xenova/transformers' models (WordPiece and BPE) that tslora uses. */
export interface WordModel {
  encode(words: readonly string[]): string[];
  /** BPE's own cache, which grows with every word. */
  readonly cache?: Map<string, unknown>;
}

const REMEMBERED = 50_000; // words
const LONG = 64; // characters; longer words are rarely repeated

/** Encodes words as token ids, with a bounded cache. */
export function wordEncoder(model: WordModel, vocab: ReadonlyMap<string, number>): (word: string) => readonly number[] {
  const seen = new Map<string, readonly number[]>();
  return (word) => {
    const known = seen.get(word);
    if (known !== undefined) return known;
    const ids = model.encode([word]).map((token) => {
      const id = vocab.get(token);
      if (id === undefined)
        throw new TsloraError(
          "bad-input",
          `The tokenizer's vocabulary lacks ${JSON.stringify(token)}, a token that its rules give for ${JSON.stringify(word.slice(0, LONG))}.`,
        );
      return id;
    });
    model.cache?.clear();
    if (word.length <= LONG) {
      if (seen.size >= REMEMBERED) seen.clear();
      seen.set(word, ids);
    }
    return ids;
  };
}
