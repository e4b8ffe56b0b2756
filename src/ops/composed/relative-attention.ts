import { checkRelative, scoreScale } from "../attention-reach";
import { weightsOf } from "../attention-weights";
import { Borrowed } from "../borrowed";
import { blockDropout } from "../dropout-block";
import { joinedRows } from "../joined-rows";
import type {
  AttentionBackwardOptions,
  AttentionGradients,
  AttentionInputs,
  AttentionLayout,
  AttentionOptions,
  AttentionResult,
  AttentionSaved,
  Drop,
  Ops,
} from "../ops";
import type { Tensor } from "../tensor";
import { marked, scoreGradient, weighedValues } from "./attention";
import { mergeHeads, splitHeads, type Span } from "./block-rows";
import { positionScores, positionScoresBackward, type PositionGradients } from "./position-scores";
import type { PlacedPositions, PlacedRelative, RelativePlacements } from "./relative-placements";
import { keptFactor } from "./residual-norm";

type Part = AttentionSaved["parts"][number];
type Terms = Pick<AttentionInputs, "bias" | "positions">;

/** The inputs of attention with a window or relative terms. */
export interface RelativeComposition {
  readonly ops: Ops;
  readonly relativePlacements: RelativePlacements;
}

/** Attention with a window, a bias by distance, or disentangled positions. */
export function relativeAttention(
  { ops, relativePlacements }: RelativeComposition,
  inputs: AttentionInputs,
  { layout, drop, keep }: AttentionOptions,
): AttentionResult {
  checkRelative(inputs, layout);
  const { bias, positions } = inputs;
  return ops.tidy(() => {
    const { blocks, queryPlaces } = relativePlacements.place(layout, inputs);
    const parts = blocks.map((block, i) => attend(ops, inputs, { block, layout, drop: drop && blockDropout(drop, i) }));
    const y = mergeHeads(
      ops,
      parts.map(({ context }) => context),
      { places: queryPlaces },
    );
    return { y, saved: { layout, parts: keep ? parts : [], relative: new Borrowed({ bias, positions }) } };
  });
}

/** The gradients of {@link relativeAttention}. */
export function relativeAttentionBackward(
  { ops, relativePlacements }: RelativeComposition,
  dy: Tensor,
  from: AttentionBackwardOptions & { saved: AttentionSaved; terms: Terms },
): AttentionGradients {
  const { saved, terms, needsKey, needsBias = false, needsPositions = false } = from;
  const { layout, parts } = saved;
  return ops.tidy(() => {
    const { blocks, queryPlaces, keyPlaces } = relativePlacements.place(layout, terms);
    const gradients = blocks.map((block, i) =>
      attendBackward(ops, dy, { block, layout, terms, part: parts[i], needsKey, needsBias, needsPositions }),
    );
    const all = (name: "dq" | "dk" | "dv" | "dBias"): Tensor[] => gradients.flatMap((each) => each[name] ?? []);
    const ofKeys = (name: "dk" | "dv", scale = 1): Tensor =>
      atKeys(ops, mergeHeads(ops, all(name), { scale }), keyPlaces);
    return {
      dq: mergeHeads(ops, all("dq"), { scale: scoreScale(layout, dy.shape[1]), places: queryPlaces }),
      dk: needsKey ? ofKeys("dk") : undefined,
      dv: ofKeys("dv", keptFactor(parts[0]?.dropout)),
      dBias: needsBias && terms.bias !== undefined ? sumOf(ops, all("dBias")) : undefined,
      dPositions: needsPositions
        ? {
            key: positionGradient(ops, gradients, { name: "key", terms }),
            query: positionGradient(ops, gradients, { name: "query", terms }),
          }
        : undefined,
    };
  });
}

/** Attention of one block's pieces. */
function attend(
  ops: Ops,
  inputs: AttentionInputs,
  { block, layout, drop }: { block: PlacedRelative; layout: AttentionLayout; drop: Drop | undefined },
): Part {
  const { heads } = layout;
  const scale = scoreScale(layout, inputs.q.shape[1]);
  return ops.tidy(() => {
    const q = splitHeads(ops, inputs.q, { block: queriesOf(block), heads, scale });
    const k = splitHeads(ops, inputs.k, { block: keysOf(block), heads });
    // Scales the values by dropout's factor; the weights then need no scaling.
    const v = splitHeads(ops, inputs.v, { block: keysOf(block), heads, scale: keptFactor(drop) });
    const scores = ops.tidy(() => {
      const { positions } = inputs;
      const placed = block.positions;
      const addends = [
        ...(inputs.bias === undefined || block.biasColumns === undefined
          ? []
          : [biasScores(ops, inputs.bias, { block, columns: block.biasColumns })]),
        ...(positions === undefined || placed === undefined
          ? []
          : [positionScores(ops, { q, k }, { positions, placed, block: block.block, scale })]),
        ...(block.hidden === undefined ? [] : [block.hidden]),
      ];
      return addends.reduce((sum, addend) => ops.add(sum, addend), ops.matMul(q, k, { transposeB: true }));
    }); // [pieces, heads, queries, keys]
    return weighedValues(ops, scores, { q, k, v, drop });
  });
}

/** Gradients of one block. */
interface BlockGradients {
  /** [pieces, heads, queries, headDim], of the scaled queries. */
  readonly dq: Tensor;
  /** [pieces, heads, keys, headDim] */
  readonly dk: Tensor | undefined;
  readonly dv: Tensor;
  /** [heads, 2 reach + 1] */
  readonly dBias: Tensor | undefined;
  readonly positions: (PositionGradients & Pick<PlacedPositions, "first">) | undefined;
}

function attendBackward(
  ops: Ops,
  dy: Tensor,
  from: Required<AttentionBackwardOptions> & {
    block: PlacedRelative;
    layout: AttentionLayout;
    terms: Terms;
    part: Part;
  },
): BlockGradients {
  const { block, layout, terms, part, needsKey, needsBias, needsPositions } = from;
  const { q, k, mark } = part;
  return ops.tidy(() => {
    const dContext = ops.mul(
      splitHeads(ops, dy, { block: queriesOf(block), heads: layout.heads }),
      block.queryTokens, // padding repeats a row
    );
    const dScores = scoreGradient(ops, dContext, part);
    const positions = throughPositions(ops, dScores, { ...from, needsKey, needsPositions: needsPositions === true });
    const plus = (sum: Tensor, addend: Tensor | undefined): Tensor =>
      addend === undefined ? sum : ops.add(sum, addend);
    return {
      dq: plus(ops.matMul(dScores, k), positions?.dq),
      dk: needsKey ? plus(ops.matMul(dScores, q, { transposeA: true }), positions?.dk) : undefined,
      dv: ops.matMul(marked(ops, weightsOf(part), mark), dContext, { transposeA: true }),
      dBias:
        needsBias === true && terms.bias !== undefined && block.biasColumns !== undefined
          ? biasGradient(ops, dScores, { columns: block.biasColumns, reach: terms.bias.shape[1] })
          : undefined,
      positions,
    };
  });
}

function throughPositions(
  ops: Ops,
  dScores: Tensor,
  from: {
    block: PlacedRelative;
    layout: AttentionLayout;
    terms: Terms;
    part: Part;
    needsKey: boolean;
    needsPositions: boolean;
  },
): BlockGradients["positions"] {
  const {
    block,
    layout,
    terms: { positions },
    part: { q, k },
    needsKey,
    needsPositions,
  } = from;
  const placed = block.positions;
  if (positions === undefined || placed === undefined) return undefined;
  const scale = scoreScale(layout, q.shape[1] * q.shape[3]);
  const found = positionScoresBackward(ops, dScores, {
    ...{ q, k, positions, placed, scale, needsKey, needsPositions },
    block: block.block,
  });
  return { ...found, first: placed.first };
}

/** The bias of each query and key: [1, heads, queries, keys] from [heads, 2 reach + 1]. */
function biasScores(ops: Ops, bias: Tensor, { block, columns }: { block: PlacedRelative; columns: Tensor }): Tensor {
  const { queries, keys } = block.block;
  return ops.tidy(() => {
    const taken = ops.gatherRows(ops.transpose(bias, [1, 0]), columns); // [queries * keys, heads]
    return ops.reshape(ops.transpose(taken, [1, 0]), [1, bias.shape[0], queries, keys]);
  });
}

/** The gradient of the bias [heads, 2 reach + 1] from that of the scores [pieces, heads, queries, keys]. */
function biasGradient(ops: Ops, dScores: Tensor, { columns, reach }: { columns: Tensor; reach: number }): Tensor {
  const [, heads, queries, keys] = dScores.shape;
  return ops.tidy(() => {
    const sum = ops.reshape(ops.sum(dScores, [0]), [heads, queries * keys]);
    return ops.transpose(ops.scatterRows(ops.transpose(sum, [1, 0]), columns, reach), [1, 0]);
  });
}

/** Rows of keys from all places [places, width]: the sum over the pieces that hold a row. */
function atKeys(ops: Ops, x: Tensor, places: readonly Tensor[]): Tensor {
  return ops.tidy(() => {
    const withNone = ops.concatRows([x, ops.float(new Float32Array(x.shape[1]), [1, x.shape[1]])]);
    return sumOf(
      ops,
      places.map((each) => ops.gatherRows(withNone, each)),
    );
  });
}

/** The gradient of one table of positions, [positions, width]; undefined if it is not given. */
function positionGradient(
  ops: Ops,
  gradients: readonly BlockGradients[],
  { name, terms }: { name: "key" | "query"; terms: Terms },
): Tensor | undefined {
  const table = terms.positions?.[name];
  if (table === undefined) return undefined;
  const [rows, width] = table.shape;
  const zeros = (count: number): Tensor[] =>
    count === 0 ? [] : [ops.float(new Float32Array(count * width), [count, width])];
  return ops.tidy(() =>
    sumOf(
      ops,
      gradients.flatMap(({ positions }) => {
        const part = positions?.[name];
        if (positions === undefined || part === undefined) return [];
        const before = zeros(positions.first);
        const after = zeros(rows - positions.first - part.shape[0]);
        return joinedRows([...before, part, ...after], ops);
      }),
    ),
  );
}

function sumOf(ops: Ops, parts: readonly Tensor[]): Tensor {
  return parts.length === 1 ? parts[0] : ops.addN(parts);
}

function queriesOf({ block, queryRows }: PlacedRelative): Span {
  return { row: 0, documents: block.pieces, length: block.queries, filling: { rows: queryRows } };
}

function keysOf({ block, keyRows }: PlacedRelative): Span {
  return { row: 0, documents: block.pieces, length: block.keys, filling: { rows: keyRows } };
}
