import { attentionBlocks } from "./attention-blocks";
import { limitingWindow, longestOf } from "./attention-reach";
import type { AttentionLayout } from "./ops";

/** Queries per piece of a document, if the window is smaller: fewer would waste the products. */
const LEAST_QUERIES = 64;

/**
 * Pieces of documents whose attention is one batch of matrix products. Each piece has places for queries and for the
 * keys that they reach. A place without a token is padding, which repeats the row of some token.
 */
export interface RelativeBlock {
  readonly pieces: number;
  /** Places for queries, per piece. */
  readonly queries: number;
  /** Places for keys, per piece. */
  readonly keys: number;
  /** Distance from a piece's first query to its first key. */
  readonly offset: number;
  /** Row at each place: [pieces * queries] and [pieces * keys]. */
  readonly queryRows: Int32Array;
  readonly keyRows: Int32Array;
  /** 1 for a token, 0 for padding: [pieces * queries] and [pieces * keys]. */
  readonly queryTokens: Float32Array;
  readonly keyTokens: Float32Array;
}

/** The blocks of a layout, and where each row lies among the places of all blocks. */
export interface RelativeBlocks {
  readonly blocks: readonly RelativeBlock[];
  /** The farthest distance that attends; undefined if nothing limits it. */
  readonly window: number | undefined;
  /** The place of each query: [queries]. */
  readonly queryPlaces: Int32Array;
  /**
   * The places of each row among the keys, [rows] each; their number, one past the last place, means none. A row
   * may lie in up to three pieces.
   */
  readonly keyPlaces: readonly Int32Array[];
  /** The number of places for keys. */
  readonly keyCount: number;
}

/** A piece: the rows of its document, and the first token among its queries and among its keys. */
interface Piece {
  readonly row: number;
  readonly length: number;
  readonly queryRow: number;
  readonly firstQuery: number;
  readonly firstKey: number;
}

/** Divides a layout for attention with a window or relative terms. */
export function relativeBlocks(layout: AttentionLayout): RelativeBlocks {
  const window = limitingWindow(layout);
  const blocks = window === undefined ? wholeDocuments(layout) : [windowed(layout, window)];
  return { blocks: blocks.map(({ block }) => block), window, ...placesOf(layout, blocks) };
}

interface Divided {
  readonly block: RelativeBlock;
  readonly pieces: readonly Piece[];
}

/** One piece per document, with all its tokens as keys. */
function wholeDocuments(layout: AttentionLayout): Divided[] {
  const documents = documentsOf(layout);
  return attentionBlocks(layout).blocks.map((block) => {
    const queries = layout.span === "every-token" ? block.length : 1;
    const pieces = documents
      .slice(block.document, block.document + block.documents)
      .map((document) => ({ ...document, firstQuery: 0, firstKey: 0 }));
    return divided(pieces, { queries, keys: block.length, offset: 0 });
  });
}

function windowed(layout: AttentionLayout, window: number): Divided {
  const documents = documentsOf(layout);
  const longest = longestOf(layout.groups);
  if (layout.span === "first-token")
    return divided(
      documents.map((document) => ({ ...document, firstQuery: 0, firstKey: 0 })),
      { queries: 1, keys: Math.min(longest, window + 1), offset: 0 },
    );
  // At least the window: only the pieces beside a query's own then hold keys that it reaches.
  const queries = Math.min(Math.max(window, LEAST_QUERIES), longest);
  const pieces = documents.flatMap((document) =>
    Array.from({ length: Math.ceil(document.length / queries) }, (_, piece) => ({
      ...document,
      firstQuery: piece * queries,
      firstKey: piece * queries - window,
    })),
  );
  return divided(pieces, { queries, keys: queries + 2 * window, offset: -window });
}

/** Each document's first row, length, and the row of its first query. */
function documentsOf({ groups, span }: AttentionLayout): Pick<Piece, "row" | "length" | "queryRow">[] {
  return groups.flatMap(({ row, document, documents, length }) =>
    Array.from({ length: documents }, (_, i) => ({
      row: row + i * length,
      length,
      queryRow: span === "every-token" ? row + i * length : document + i,
    })),
  );
}

function divided(pieces: readonly Piece[], sizes: Pick<RelativeBlock, "queries" | "keys" | "offset">): Divided {
  const { queries, keys } = sizes;
  const block: RelativeBlock = {
    ...sizes,
    pieces: pieces.length,
    queryRows: new Int32Array(pieces.length * queries),
    keyRows: new Int32Array(pieces.length * keys),
    queryTokens: new Float32Array(pieces.length * queries),
    keyTokens: new Float32Array(pieces.length * keys),
  };
  pieces.forEach(({ row, length, queryRow, firstQuery, firstKey }, piece) => {
    for (let i = 0; i < queries; i++) {
      const isToken = firstQuery + i < length;
      block.queryRows[piece * queries + i] = queryRow + (isToken ? firstQuery + i : 0);
      block.queryTokens[piece * queries + i] = Number(isToken);
    }
    for (let j = 0; j < keys; j++) {
      const isToken = firstKey + j >= 0 && firstKey + j < length;
      block.keyRows[piece * keys + j] = row + (isToken ? firstKey + j : 0);
      block.keyTokens[piece * keys + j] = Number(isToken);
    }
  });
  return { block, pieces };
}

function placesOf(
  { groups, span }: AttentionLayout,
  blocks: readonly Divided[],
): Pick<RelativeBlocks, "queryPlaces" | "keyPlaces" | "keyCount"> {
  const rows = groups.reduce((sum, { documents, length }) => sum + documents * length, 0);
  const documents = groups.reduce((sum, group) => sum + group.documents, 0);
  const queryPlaces = new Int32Array(span === "every-token" ? rows : documents);
  const keyCount = blocks.reduce((sum, { block }) => sum + block.keyRows.length, 0);
  const found: number[][] = Array.from({ length: rows }, () => []);
  let [query, key] = [0, 0];
  for (const { block } of blocks) {
    block.queryTokens.forEach((isToken, i) => {
      if (isToken === 1) queryPlaces[block.queryRows[i]] = query + i;
    });
    block.keyTokens.forEach((isToken, i) => {
      if (isToken === 1) found[block.keyRows[i]].push(key + i);
    });
    [query, key] = [query + block.queryRows.length, key + block.keyRows.length];
  }
  const most = found.reduce((sum, places) => Math.max(sum, places.length), 0);
  const keyPlaces = Array.from({ length: most }, (_, k) =>
    Int32Array.from(found, (places) => places.at(k) ?? keyCount),
  );
  return { queryPlaces, keyPlaces, keyCount };
}
