import { shownNames, shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";

/** Number of ids in Python's tokenizers, which are unsigned 32-bit integers. */
const ID_LIMIT = 2 ** 32;

/** Whether a value can be a token's id. */
export function isTokenId(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < ID_LIMIT;
}

/** Whether a text contains no lone surrogate. */
export function isUnicode(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/**
 * Checks a vocabulary of vocab.json or tokenizer.json: an object from tokens to ids.
 *
 * @param where - the file's name in messages
 * @throws TsloraError `bad-input` if an id is not a whole number from 0, or two tokens have the same id.
 */
export function parseVocabulary(vocab: unknown, where: string): Map<string, number> {
  if (typeof vocab !== "object" || vocab === null || Array.isArray(vocab) || Object.keys(vocab).length === 0)
    throw new TsloraError(
      "bad-input",
      `${where} must hold a vocabulary, an object of tokens to ids; it holds ${shownValue(vocab)}.`,
    );
  const ids = new Map<string, number>();
  const tokenOf = new Map<number, string>();
  for (const [token, id] of Object.entries(vocab as Record<string, unknown>)) {
    if (!isTokenId(id))
      throw new TsloraError(
        "bad-input",
        `${where}: a token's id must be a whole number from 0; ${shownValue(token)} has ${shownValue(id)}. Fetch the file again.`,
      );
    if (!isUnicode(token))
      throw new TsloraError(
        "bad-input",
        `${where}: a token must be Unicode text; ${shownValue(token)} holds half a surrogate pair.`,
      );
    const other = tokenOf.get(id);
    if (other !== undefined)
      throw new TsloraError(
        "bad-input",
        `${where}: two tokens must not have one id; ${shownValue(other)} and ${shownValue(token)} have ${id}. Fetch the file again.`,
      );
    ids.set(token, id);
    tokenOf.set(id, token);
  }
  return ids;
}

/** UTF-16 units of the longest piece: an encoder looks for pieces of this length at each place of a text. */
const LONGEST_PIECE = 1000;

/**
 * Checks a Unigram vocabulary of tokenizer.json or of a sentencepiece model: a list of pieces with their scores, in the
 * order of their ids.
 *
 * @param where - the file's name in messages
 * @throws TsloraError `bad-input` for an entry of another form, or a piece that occurs twice.
 */
export function parsePieces(list: unknown, where: string): { vocab: Map<string, number>; scores: Float64Array } {
  if (!Array.isArray(list) || list.length === 0)
    throw new TsloraError(
      "bad-input",
      `${where} must hold a vocabulary, a list of pieces with scores; it holds ${shownValue(list)}.`,
    );
  const vocab = new Map<string, number>();
  const scores = new Float64Array(list.length);
  for (const [id, entry] of (list as unknown[]).entries()) {
    const [piece, score] = Array.isArray(entry) && entry.length === 2 ? (entry as unknown[]) : [];
    if (typeof piece !== "string" || typeof score !== "number" || !Number.isFinite(score))
      throw new TsloraError(
        "bad-input",
        `${where}: an entry of the vocabulary must be a piece and its score; entry ${id} is ${shownValue(entry)}. Fetch the file again.`,
      );
    if (piece === "" || piece.length > LONGEST_PIECE || !isUnicode(piece))
      throw new TsloraError(
        "bad-input",
        `${where}: a piece must be Unicode text of 1 to ${LONGEST_PIECE} characters; entry ${id} is ${shownValue(piece)}.`,
      );
    if (vocab.has(piece))
      throw new TsloraError(
        "bad-input",
        `${where} must hold each piece once; it holds ${shownValue(piece)} twice. Fetch the file again.`,
      );
    vocab.set(piece, id);
    scores[id] = score;
  }
  return { vocab, scores };
}

/**
 * Parses a vocab.txt: one token per line, numbered from 0.
 *
 * @throws TsloraError `bad-input` if a token occurs twice: no text would get its first id.
 */
export function parseVocabLines(text: string, where: string): Map<string, number> {
  const ids = new Map<string, number>();
  const twice: string[] = [];
  for (const [id, token] of text
    .replace(/(\r\n|\r|\n)$/, "")
    .split(/\r\n|\r|\n/)
    .entries()) {
    if (ids.has(token)) twice.push(token);
    ids.set(token, id);
  }
  if (twice.length > 0)
    throw new TsloraError(
      "bad-input",
      `${where} must hold each token once; it holds ${shownNames(twice)} twice. Fetch the file again.`,
    );
  return ids;
}
