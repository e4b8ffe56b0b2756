import { isTextPair, type TextInput } from "../base/text-input";
import { TsloraError } from "../base/tslora-error";
import type { TokenDocument } from "../model/parts/packed-batch";

/** Converts texts, or pairs of texts, to tokens. The tokenizer room's `Tokenizer` implements it. */
export interface TextTokenizer {
  readonly maxLength: number;
  encode(texts: readonly TextInput[]): readonly (TokenDocument & { readonly truncated: boolean })[];
  /** The tokens of ids, for display. */
  tokens?(ids: ArrayLike<number>): readonly string[];
}

/**
 * Tokens of texts, or of pairs of texts, as a model takes them.
 *
 * @param options.typeVocabSize - number of token types that the model has embeddings for; 0 if it has no token types
 * @param options.model - the model's name in messages
 * @throws TsloraError `bad-input` if the model has no embedding for a token's type.
 */
export function encodeTexts(
  texts: readonly TextInput[],
  { tokenizer, ...of }: { tokenizer: TextTokenizer; typeVocabSize: number; model: string },
): TokenDocument[] {
  return tokenizer.encode(texts).map((encoded) => tokenDocument(encoded, of));
}

/** Tokens of one text as a model takes them; as {@link encodeTexts}. */
export function tokenDocument(
  { ids, types }: TokenDocument,
  { typeVocabSize, model }: { typeVocabSize: number; model: string },
): TokenDocument {
  if (types === undefined || typeVocabSize === 0) return { ids };
  const largest = types.reduce((a, b) => Math.max(a, b), 0);
  if (largest >= typeVocabSize)
    throw new TsloraError(
      "bad-input",
      `The tokenizer gives tokens of a pair the type ${largest}, but the model ${model} has embeddings for the types 0 to ${typeVocabSize - 1} (type_vocab_size). Use the tokenizer that the model was trained with.`,
    );
  return { ids, types };
}

/**
 * Refuses single texts for a classifier that was trained on pairs.
 *
 * @throws TsloraError `bad-input` that names the first one.
 */
export function expectPairs(texts: readonly TextInput[]): void {
  const single = texts.findIndex((text) => !isTextPair(text));
  if (single >= 0)
    throw new TsloraError(
      "bad-input",
      `The classifier was trained on pairs of texts, and needs a second text for each; the text at index ${single} has none. Give pairs [text, textPair], or data with a second column (textPair).`,
    );
}
