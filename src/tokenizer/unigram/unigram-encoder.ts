import { buildPieceTrie, childOf } from "./piece-trie";

/** A Unigram vocabulary: pieces with their log probabilities. */
export interface UnigramModel {
  /** The pieces, distinct; a piece's id is its index. */
  readonly pieces: readonly string[];
  readonly scores: Float64Array;
  readonly unknownId: number;
  /** Whether characters without a piece become the pieces `<0x00>` to `<0xFF>` of their UTF-8 bytes. */
  readonly byteFallback: boolean;
}

/** Distance of an unknown character's score below the lowest piece's, as in sentencepiece. */
const UNKNOWN_PENALTY = 10;
const REMEMBERED = 50_000; // words
const LONG = 64; // UTF-16 units; longer words are rarely repeated

/**
 * Encodes words by the most probable sequence of pieces (the Viterbi algorithm; Kudo, "Subword Regularization", 2018),
 * as Python's tokenizers do: neighbouring unknown characters are one unknown piece. Time grows linearly with the
 * word's length. Remembers short words, up to a limit.
 */
export function unigramEncoder(model: UnigramModel): (word: string) => readonly number[] {
  const encode = viterbi(model);
  const seen = new Map<string, readonly number[]>();
  return (word) => {
    const known = seen.get(word);
    if (known !== undefined) return known;
    const ids = encode(word);
    if (word.length <= LONG) {
      if (seen.size >= REMEMBERED) seen.clear();
      seen.set(word, ids);
    }
    return ids;
  };
}

function viterbi({ pieces, scores, unknownId, byteFallback }: UnigramModel): (word: string) => number[] {
  const trie = buildPieceTrie(pieces);
  const idOf = new Map(pieces.map((piece, id) => [piece, id]));
  const unknownScore = scores.reduce((least, score) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY;
  let room = 256;
  let best = new Float64Array(room); // the best score of the word up to each position
  let from = new Int32Array(room); // where its last piece begins, or -1
  let last = new Int32Array(room); // the id of its last piece
  const reach = (end: number, start: number, score: number, id: number): void => {
    if (from[end] !== -1 && score <= best[end]) return;
    [best[end], from[end], last[end]] = [score, start, id];
  };
  const tokenIds = (text: string): readonly number[] => {
    const id = idOf.get(text);
    if (id !== undefined) return [id];
    return (byteFallback ? byteIds(text, idOf) : undefined) ?? [unknownId];
  };
  return (word) => {
    const length = word.length;
    if (length >= room) {
      room = 2 * length;
      [best, from, last] = [new Float64Array(room), new Int32Array(room), new Int32Array(room)];
    }
    from.fill(-1, 0, length + 1);
    best[0] = 0;
    for (let start = 0; start < length;) {
      const next = start + ((word.codePointAt(start) ?? 0) > 0xffff ? 2 : 1);
      const score = best[start];
      let single = false; // whether the next character is a piece
      let node = trie.starts[word.charCodeAt(start)];
      for (let end = start + 1; node !== 0; end++) {
        const id = trie.ids[node];
        if (id !== -1) {
          reach(end, start, score + scores[id], id);
          single ||= end === next;
        }
        node = end < length ? childOf(trie, node, word.charCodeAt(end)) : 0;
      }
      if (!single) reach(next, start, score + unknownScore, unknownId);
      start = next;
    }
    return collect(word);
  };

  /** The ids of the best path, from its end to its beginning and then reversed. */
  function collect(word: string): number[] {
    const ids: number[] = [];
    for (let end = word.length; end > 0;) {
      let start = from[end];
      if (last[end] === unknownId) while (start > 0 && last[start] === unknownId) start = from[start];
      const found = tokenIds(word.slice(start, end));
      for (let i = found.length - 1; i >= 0; i--) ids.push(found[i]);
      end = start;
    }
    return ids.reverse();
  }
}

/** The ids of the pieces of a text's UTF-8 bytes; undefined if the vocabulary lacks one. */
function byteIds(text: string, idOf: ReadonlyMap<string, number>): number[] | undefined {
  const ids: number[] = [];
  for (const byte of new TextEncoder().encode(text)) {
    const id = idOf.get(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
    if (id === undefined) return undefined;
    ids.push(id);
  }
  return ids;
}
