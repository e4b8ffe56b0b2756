import { shownPath } from "../base/shown-path";
import { shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import { objectOf } from "./check-types";
import type { Json } from "./json";

/** A piece of an encoded input: a special token, or the tokens of the first or the second text. */
export type TemplatePiece<Token = number> =
  | { readonly kind: "token"; readonly token: Token; readonly type: number }
  | { readonly kind: "text"; readonly which: 0 | 1; readonly type: number };

/** An encoded input's pieces in order; `type` is the token type of all tokens of a piece. */
export type Template<Token = number> = readonly TemplatePiece<Token>[];

/** The templates of one text and of a pair of texts. */
export interface Templates<Token = number> {
  readonly single: Template<Token>;
  /** Undefined if the tokenizer's files give no template that puts a first token before a pair. */
  readonly pair: Template<Token> | undefined;
}

const token = (name: string, type = 0): TemplatePiece<string> => ({ kind: "token", token: name, type });
const text = (which: 0 | 1, type = 0): TemplatePiece<string> => ({ kind: "text", which, type });

/** BERT's templates: `[CLS] a [SEP]` and `[CLS] a [SEP] b [SEP]`, with token type 1 from the second text on. */
export function bertTemplates(cls: string, sep: string): Templates<string> {
  const single = [token(cls), text(0), token(sep)];
  return { single, pair: [...single, text(1, 1), token(sep, 1)] };
}

/** RoBERTa's templates: `<s> a </s>` and `<s> a </s></s> b </s>`, all of token type 0. */
export function robertaTemplates(cls: string, sep: string): Templates<string> {
  const single = [token(cls), text(0), token(sep)];
  return { single, pair: [...single, token(sep), text(1), token(sep)] };
}

/**
 * The templates of a tokenizer.json's post-processor.
 *
 * @throws TsloraError `unsupported` unless it puts one token before a text and one after it.
 */
export function templatesOf(json: Json | undefined, directory: string): Templates<string> {
  const processor = objectOf(json?.post_processor);
  if (processor.type === "BertProcessing" || processor.type === "RobertaProcessing") {
    const [cls, sep] = [nameIn(processor.cls), nameIn(processor.sep)];
    if (typeof cls === "string" && typeof sep === "string")
      return processor.type === "BertProcessing" ? bertTemplates(cls, sep) : robertaTemplates(cls, sep);
  }
  const single = piecesOf(processor.single);
  if (single?.map(({ kind }) => kind).join() !== "token,text,token") {
    throw new TsloraError(
      "unsupported",
      `${shownPath(directory)}: the post_processor of tokenizer.json must put one token before a text and one after it, as BERT's and RoBERTa's do; got ${shownValue(processor.type ?? null)}.`,
    );
  }
  const pair = piecesOf(processor.pair);
  const texts = pair?.flatMap((piece) => (piece.kind === "text" ? [piece.which] : []));
  return { single, pair: pair?.[0].kind === "token" && texts?.join() === "0,1" ? pair : undefined };
}

/** A template with the ids of its special tokens. */
export function withIds(template: Template<string>, idOf: (token: string) => number): Template {
  return template.map((piece) => (piece.kind === "text" ? piece : { ...piece, token: idOf(piece.token) }));
}

/** The number of special tokens in a template. */
export function specialTokens(template: Template<unknown>): number {
  return template.filter(({ kind }) => kind === "token").length;
}

/** The ids and token types of an input whose texts have the given ids. */
export function fillTemplate(
  template: Template,
  texts: readonly (readonly number[])[],
): { ids: Int32Array; types: Int32Array } {
  const length = specialTokens(template) + texts.reduce((sum, ids) => sum + ids.length, 0);
  const [ids, types] = [new Int32Array(length), new Int32Array(length)];
  let at = 0;
  for (const piece of template) {
    const tokens = piece.kind === "token" ? [piece.token] : texts[piece.which];
    ids.set(tokens, at);
    types.fill(piece.type, at, at + tokens.length);
    at += tokens.length;
  }
  return { ids, types };
}

/** The pieces of a `TemplateProcessing`; undefined if they are not a list of tokens and of texts A and B. */
function piecesOf(template: unknown): Template<string> | undefined {
  if (!Array.isArray(template) || template.length === 0) return undefined;
  const pieces: TemplatePiece<string>[] = [];
  for (const piece of (template as unknown[]).map(objectOf)) {
    const [special, sequence] = [objectOf(piece.SpecialToken), objectOf(piece.Sequence)];
    const type = piece.SpecialToken === undefined ? sequence.type_id : special.type_id;
    if (typeof type !== "number" || !Number.isInteger(type) || type < 0) return undefined;
    if (typeof special.id === "string") pieces.push(token(special.id, type));
    else if (sequence.id === "A" || sequence.id === "B") pieces.push(text(sequence.id === "A" ? 0 : 1, type));
    else return undefined;
  }
  return pieces;
}

function nameIn(pair: unknown): unknown {
  return Array.isArray(pair) ? (pair as unknown[])[0] : undefined;
}
