import { reachOf } from "../attention-reach";
import type { AttentionInputs, AttentionLayout, Primitives } from "../ops";
import { relativeBlocks, type RelativeBlock } from "../relative-blocks";
import type { Tensor } from "../tensor";
import { HIDDEN } from "./placements";

/** Relative terms and what reads them. */
type Terms = Pick<AttentionInputs, "bias" | "positions">;

/** A block's places as tensors. */
export interface PlacedRelative {
  readonly block: Pick<RelativeBlock, "pieces" | "queries" | "keys">;
  /** Row at each place, int [pieces * queries] and int [pieces * keys]. */
  readonly queryRows: Tensor;
  readonly keyRows: Tensor;
  /** 1 for a query, 0 for padding: [pieces, 1, queries, 1]. */
  readonly queryTokens: Tensor;
  /**
   * 0 for a key that a query reaches, else {@link HIDDEN}: [pieces, 1, queries, keys], without a window [pieces, 1, 1,
   * keys]. Undefined if every key is reached.
   */
  readonly hidden: Tensor | undefined;
  /** Column of the bias for each query and key: int [queries * keys]. */
  readonly biasColumns: Tensor | undefined;
  readonly positions: PlacedPositions | undefined;
}

/** The relative positions that a block uses, and their places. */
export interface PlacedPositions {
  /** Rows [first, first + count) of the positions are in use. */
  readonly first: number;
  readonly count: number;
  /** Row query * count + position of each query and key, int [queries * keys]. */
  readonly ofQueries: Tensor;
  /** Row key * count + position of each query and key, int [queries * keys]. */
  readonly ofKeys: Tensor;
}

/** A layout's blocks, and where each row lies among their places. */
export interface PlacedBlocks {
  readonly blocks: readonly PlacedRelative[];
  readonly queryPlaces: Tensor;
  /** Several if a row lies in several pieces. The number of key places means none. */
  readonly keyPlaces: readonly Tensor[];
}

interface Made {
  readonly window: number | undefined;
  readonly span: AttentionLayout["span"];
  readonly heads: number;
  readonly biasColumns: number | undefined;
  readonly index: Int32Array | undefined;
  readonly placed: PlacedBlocks;
}

type Maker = Pick<Primitives, "float" | "int" | "escape" | "disposeIn">;

/** The blocks of attention with a window or relative terms. Keeps those of the last pass, which its layers share. */
export class RelativePlacements {
  #groups: AttentionLayout["groups"] | undefined;
  #made: Made[] = [];
  readonly #primitives: Maker;

  constructor(primitives: Maker) {
    this.#primitives = primitives;
  }

  /** Number of tensors that are kept. */
  get kept(): number {
    return this.#made.reduce((sum, { placed }) => sum + tensorsOf(placed), 0);
  }

  place(layout: AttentionLayout, { bias, positions }: Terms): PlacedBlocks {
    if (this.#groups !== layout.groups) {
      this.#primitives.disposeIn(this.#made);
      [this.#groups, this.#made] = [layout.groups, []];
    }
    const { window, span, heads } = layout;
    const wanted = { window, span, heads, biasColumns: bias?.shape[1], index: positions?.index };
    const found = this.#made.find(
      (made) =>
        made.window === window &&
        made.span === span &&
        made.heads === heads &&
        made.biasColumns === wanted.biasColumns &&
        made.index === wanted.index,
    );
    if (found !== undefined) return found.placed;
    const placed = this.#primitives.escape(() => placeBlocks(this.#primitives, layout, wanted));
    this.#made.push({ ...wanted, placed });
    return placed;
  }
}

function placeBlocks(
  { float, int }: Maker,
  layout: AttentionLayout,
  { biasColumns, index }: Pick<Made, "biasColumns" | "index">,
): PlacedBlocks {
  const { blocks, window, queryPlaces, keyPlaces } = relativeBlocks(layout);
  const integers = (values: Int32Array): Tensor => int(values, [values.length]);
  const place = (block: RelativeBlock): PlacedRelative => {
    const { pieces, queries, keys } = block;
    const distances = distancesOf(block);
    return {
      block: { pieces, queries, keys },
      queryRows: integers(block.queryRows),
      keyRows: integers(block.keyRows),
      queryTokens: float(block.queryTokens, [pieces, 1, queries, 1]),
      hidden: hiddenKeys(block, { window, distances, float }),
      biasColumns: biasColumns === undefined ? undefined : integers(columnsOf(distances, biasColumns)),
      positions: index && placePositions(block, { distances, index, integers }),
    };
  };
  return { blocks: blocks.map(place), queryPlaces: integers(queryPlaces), keyPlaces: keyPlaces.map(integers) };
}

function hiddenKeys(
  { pieces, queries, keys, keyTokens, queryTokens }: RelativeBlock,
  from: { window: number | undefined; distances: Int32Array; float: Maker["float"] },
): Tensor | undefined {
  const { window, distances, float } = from;
  if (window === undefined)
    return keyTokens.every((token) => token === 1)
      ? undefined
      : float(
          keyTokens.map((token) => (token === 1 ? 0 : HIDDEN)),
          [pieces, 1, 1, keys],
        );
  const hidden = new Float32Array(pieces * queries * keys);
  for (let at = 0; at < hidden.length; at++) {
    const piece = Math.floor(at / (queries * keys));
    const within = at % (queries * keys);
    // Padding among the queries reaches every key of its piece: a row without keys would have no softmax.
    const isFar = Math.abs(distances[within]) > window && queryTokens[Math.floor(at / keys)] === 1;
    if (isFar || keyTokens[piece * keys + (within % keys)] === 0) hidden[at] = HIDDEN;
  }
  return float(hidden, [pieces, 1, queries, keys]);
}

/** The distance j - i of each query and key place: [queries * keys]. */
function distancesOf({ queries, keys, offset }: RelativeBlock): Int32Array {
  return Int32Array.from({ length: queries * keys }, (_, at) => offset + (at % keys) - Math.floor(at / keys));
}

/** The column of each distance in a table of so many. Distances beyond its reach, which are hidden, take its ends. */
function columnsOf(distances: Int32Array, columns: number): Int32Array {
  return distances.map((distance) => Math.min(Math.max(distance + reachOf(columns), 0), columns - 1));
}

function placePositions(
  { keys }: RelativeBlock,
  from: { distances: Int32Array; index: Int32Array; integers: (values: Int32Array) => Tensor },
): PlacedPositions {
  const rows = columnsOf(from.distances, from.index.length).map((column) => from.index[column]);
  const first = rows.reduce((least, row) => Math.min(least, row), Infinity);
  const count = rows.reduce((most, row) => Math.max(most, row), 0) - first + 1;
  return {
    first,
    count,
    ofQueries: from.integers(rows.map((row, at) => Math.floor(at / keys) * count + row - first)),
    ofKeys: from.integers(rows.map((row, at) => (at % keys) * count + row - first)),
  };
}

function tensorsOf({ blocks, keyPlaces }: PlacedBlocks): number {
  const own = blocks.map(
    ({ hidden, biasColumns, positions }) =>
      3 + Number(hidden !== undefined) + Number(biasColumns !== undefined) + (positions === undefined ? 0 : 2),
  );
  return own.reduce((sum, count) => sum + count, 1 + keyPlaces.length);
}
