import type { Ops, RelativePositions } from "../ops";
import type { Tensor } from "../tensor";
import type { PlacedPositions, PlacedRelative } from "./relative-placements";

/** A block's queries, scaled, and keys: [pieces, heads, queries or keys, headDim]. */
interface Sides {
  readonly q: Tensor;
  readonly k: Tensor;
}

/** The scale, the given positions, and the block's use of them. */
export interface PositionsOf {
  readonly positions: RelativePositions;
  readonly placed: PlacedPositions;
  readonly block: PlacedRelative["block"];
  readonly scale: number;
}

/** Gradients through the positions; those of what is not given are undefined. */
export interface PositionGradients {
  /** [pieces, heads, queries, headDim], as the scaled queries. */
  readonly dq: Tensor | undefined;
  /** [pieces, heads, keys, headDim] */
  readonly dk: Tensor | undefined;
  /** [count, width] */
  readonly key: Tensor | undefined;
  readonly query: Tensor | undefined;
}

/**
 * The positions' part of the scores, [pieces, heads, queries, keys]: products with every position in use, from which
 * each query and key take theirs.
 */
export function positionScores(ops: Ops, { q, k }: Sides, of: PositionsOf): Tensor {
  const { positions, placed, block, scale } = of;
  return ops.tidy(() => {
    const taken = [
      ...(positions.key === undefined
        ? []
        : [
            ops.gatherRows(
              placesFirst(ops, products(ops, q, tableOf(ops, positions.key, { ...of, q }))),
              placed.ofQueries,
            ),
          ]),
      ...(positions.query === undefined
        ? []
        : [
            ops.scale(
              ops.gatherRows(
                placesFirst(ops, products(ops, k, tableOf(ops, positions.query, { ...of, q }))),
                placed.ofKeys,
              ),
              scale,
            ),
          ]),
    ]; // [queries * keys, heads * pieces] each
    const [pieces, heads] = q.shape;
    const sum = taken.length === 1 ? taken[0] : ops.add(taken[0], taken[1]);
    return ops.transpose(ops.reshape(sum, [block.queries, block.keys, heads, pieces]), [3, 2, 0, 1]);
  });
}

/** The gradients of {@link positionScores} from those of the scores [pieces, heads, queries, keys]. */
export function positionScoresBackward(
  ops: Ops,
  dScores: Tensor,
  from: Sides & PositionsOf & { needsKey: boolean; needsPositions: boolean },
): PositionGradients {
  const { positions, placed, block, scale, q, k, needsKey, needsPositions } = from;
  const { key, query } = positions;
  const [pieces, heads] = q.shape;
  return ops.tidy(() => {
    const updates = ops.reshape(ops.transpose(dScores, [2, 3, 1, 0]), [block.queries * block.keys, heads * pieces]);
    const scattered = (indices: Tensor, places: number): Tensor => {
      const sums = ops.scatterRows(updates, indices, places * placed.count);
      const turned = ops.transpose(ops.reshape(sums, [places, placed.count, heads, pieces]), [2, 3, 0, 1]);
      return ops.reshape(turned, [heads, pieces * places, placed.count]);
    };
    const ofQueries = key && scattered(placed.ofQueries, block.queries); // [heads, pieces * queries, count]
    const ofKeys =
      query && (needsKey || needsPositions) ? ops.scale(scattered(placed.ofKeys, block.keys), scale) : undefined;
    const through = (d: Tensor | undefined, table: Tensor | undefined, places: number): Tensor | undefined => {
      if (d === undefined || table === undefined) return undefined;
      const rows = ops.matMul(d, tableOf(ops, table, from)); // [heads, pieces * places, headDim]
      return ops.transpose(ops.reshape(rows, [heads, pieces, places, rows.shape[2]]), [1, 0, 2, 3]);
    };
    const ofTable = (d: Tensor | undefined, side: Tensor): Tensor | undefined =>
      d && needsPositions ? joinedHeads(ops, ops.matMul(d, headsFirst(ops, side), { transposeA: true })) : undefined;
    return {
      dq: through(ofQueries, key, block.queries),
      dk: needsKey ? through(ofKeys, query, block.keys) : undefined,
      key: ofTable(ofQueries, q),
      query: ofTable(ofKeys, k),
    };
  });
}

/** The rows in use of a table [positions, width], as [heads, count, headDim]. */
function tableOf(ops: Ops, table: Tensor, { placed, q }: { placed: PlacedPositions; q: Tensor }): Tensor {
  const rows = ops.sliceRows(table, placed.first, placed.count);
  return ops.transpose(ops.reshape(rows, [placed.count, q.shape[1], q.shape[3]]), [1, 0, 2]);
}

/** x [pieces, heads, places, headDim] times a table [heads, count, headDim]: [heads, pieces, places, count]. */
function products(ops: Ops, x: Tensor, table: Tensor): Tensor {
  const [pieces, heads, places] = x.shape;
  return ops.reshape(ops.matMul(headsFirst(ops, x), table, { transposeB: true }), [
    heads,
    pieces,
    places,
    table.shape[1],
  ]);
}

/** [heads, pieces, places, count] as rows [places * count, heads * pieces], of which indices choose. */
function placesFirst(ops: Ops, x: Tensor): Tensor {
  const [heads, pieces, places, count] = x.shape;
  return ops.reshape(ops.transpose(x, [2, 3, 0, 1]), [places * count, heads * pieces]);
}

/** [pieces, heads, places, headDim] as [heads, pieces * places, headDim]. */
function headsFirst(ops: Ops, x: Tensor): Tensor {
  const [pieces, heads, places, headDim] = x.shape;
  return ops.reshape(ops.transpose(x, [1, 0, 2, 3]), [heads, pieces * places, headDim]);
}

/** [heads, count, headDim] as [count, width]. */
function joinedHeads(ops: Ops, x: Tensor): Tensor {
  const [heads, count, headDim] = x.shape;
  return ops.reshape(ops.transpose(x, [1, 0, 2]), [count, heads * headDim]);
}
