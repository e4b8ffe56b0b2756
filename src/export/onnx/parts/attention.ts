import type { ProjectionParts } from "../../../model/layout";
import type { Value } from "../graph-builder";
import type { GraphModule } from "../graph-weights";
import { firstTokens, slice, splitLast, type GraphContext } from "./graph-parts";
import type { RelativeParts } from "./relative";

/** Inputs of a layer's attention other than the hidden states. */
export interface AttentionPlan {
  /** Whether only the first token is a query, as in the last layer of a model whose head reads only that token. */
  readonly onlyFirst: boolean;
  /** Pairs of tokens that attend to each other: bool [batch, 1, 1 or queries, length]. */
  readonly mask: Value;
  readonly bias: RelativeParts["bias"];
  readonly positions: RelativeParts["positions"];
  readonly rotary: { readonly cos: Value; readonly sin: Value } | undefined;
}

/** The lowest 32-bit float: the score of a masked token, as in transformers. */
const LEAST = -3.4028234663852886e38;

/** The context of each query [batch, queries, width], from x [batch, length, width]. */
export function attention(
  context: GraphContext,
  x: Value,
  parts: ProjectionParts<GraphModule>,
  plan: AttentionPlan,
): Value {
  const { builder, config } = context;
  const node = builder.node.bind(builder);
  const terms = config.structure.disentangled?.terms ?? [];
  const scale = 1 / Math.sqrt((config.hiddenSize / config.numAttentionHeads) * (1 + terms.length));
  const { q, k, v } = projected(context, x, parts, plan);
  const queries = node("Mul", [q, builder.float(scale)]);
  // [batch, heads, queries, length].
  let scores = node("MatMul", [queries, node("Transpose", [k], { perm: [0, 1, 3, 2] })]);
  if (plan.bias !== undefined) scores = node("Add", [scores, rowsOf(context, plan.bias, { plan, axis: 1 })]);
  if (!("fused" in parts)) scores = withPositions(context, scores, { parts, plan, queries, keys: k, scale });
  const weights = node("Softmax", [node("Where", [plan.mask, scores, builder.float(LEAST)])], { axis: -1 });
  const mixed = node("Transpose", [node("MatMul", [weights, v])], { perm: [0, 2, 1, 3] });
  return node("Reshape", [mixed, builder.ints([0, -1, config.hiddenSize])]);
}

/** The rows of `pairs` that belong to queries; `pairs` has a value for each pair of tokens. */
export function rowsOf(
  context: GraphContext,
  pairs: Value,
  { plan: { onlyFirst }, axis }: { plan: Pick<AttentionPlan, "onlyFirst">; axis: number },
): Value {
  return onlyFirst ? slice(context, pairs, { begin: 0, end: 1, axis }) : pairs;
}

/** Queries [batch, heads, queries, headDim], keys and values [batch, heads, length, headDim]. */
function projected(
  context: GraphContext,
  x: Value,
  parts: ProjectionParts<GraphModule>,
  { onlyFirst, rotary }: AttentionPlan,
): Record<"q" | "k" | "v", Value> {
  const { weights, config } = context;
  const queriesOf = (all: Value): Value => (onlyFirst ? firstTokens(context, all) : all);
  const heads = (all: Value): Value => splitHeads(context, all);
  if (!("fused" in parts))
    return {
      q: heads(weights.linear(queriesOf(x), parts.query)),
      k: heads(weights.linear(x, parts.key)),
      v: heads(weights.linear(x, parts.value)),
    };
  const { hiddenSize: width } = config;
  const [q, k, v] = splitLast(context, weights.linear(x, parts.fused), [width, width, width]);
  const turned = (all: Value): Value => (rotary === undefined ? all : rotated(context, all, rotary));
  // The first token is at position 0, where the rotation is by 0.
  return { q: onlyFirst ? heads(queriesOf(q)) : turned(heads(q)), k: turned(heads(k)), v: heads(v) };
}

/** x [batch, length, width] to [batch, heads, length, headDim]. */
function splitHeads({ builder, config }: GraphContext, x: Value): Value {
  const { numAttentionHeads: heads, hiddenSize } = config;
  const apart = builder.node("Reshape", [x, builder.ints([0, -1, heads, hiddenSize / heads])]);
  return builder.node("Transpose", [apart], { perm: [0, 2, 1, 3] });
}

/** Rotates pairs of numbers, one from each half of a head, by the angles of their token's position. */
function rotated(context: GraphContext, x: Value, { cos, sin }: { cos: Value; sin: Value }): Value {
  const { builder, config } = context;
  const node = builder.node.bind(builder);
  const half = config.hiddenSize / config.numAttentionHeads / 2;
  const [a, b] = splitLast(context, x, [half, half]);
  const first = node("Sub", [node("Mul", [a, cos]), node("Mul", [b, sin])]);
  const second = node("Add", [node("Mul", [b, cos]), node("Mul", [a, sin])]);
  return node("Concat", [first, second], { axis: -1 });
}

/** Adds the scores between contents and relative positions (DeBERTa). */
function withPositions(
  context: GraphContext,
  scores: Value,
  given: {
    parts: Exclude<ProjectionParts<GraphModule>, { fused: GraphModule }>;
    plan: AttentionPlan;
    queries: Value;
    keys: Value;
    scale: number;
  },
): Value {
  const { builder, config } = context;
  const { parts, plan, queries, keys, scale } = given;
  const { positions } = plan;
  const terms = config.structure.disentangled?.terms ?? [];
  if (positions === undefined) return scores;
  const node = builder.node.bind(builder);
  const index = rowsOf(context, positions.index, { plan, axis: 0 }); // [queries, length]
  let sum = scores;
  if (terms.includes("c2p")) {
    const all = node("MatMul", [queries, positionHeads(context, parts.positionKey ?? parts.key, positions.rows)]);
    const wanted = node("Expand", [index, node("Shape", [scores])]);
    sum = node("Add", [sum, node("GatherElements", [all, wanted], { axis: -1 })]);
  }
  if (terms.includes("p2c")) {
    const projections = positionHeads(context, parts.positionQuery ?? parts.query, positions.rows);
    // [batch, heads, length, positions].
    const all = node("MatMul", [keys, node("Mul", [projections, builder.float(scale)])]);
    const turned = node("Transpose", [index], { perm: [1, 0] }); // [length, queries]
    const size = node(
      "Concat",
      [node("Shape", [all], { start: 0, end: 3 }), node("Shape", [turned], { start: 1, end: 2 })],
      { axis: 0 },
    );
    const found = node("GatherElements", [all, node("Expand", [turned, size])], { axis: -1 });
    sum = node("Add", [sum, node("Transpose", [found], { perm: [0, 1, 3, 2] })]);
  }
  return sum;
}

/** The positions' keys or queries: [heads, headDim, positions]. */
function positionHeads({ builder, weights, config }: GraphContext, linear: GraphModule, rows: Value): Value {
  const { numAttentionHeads: heads, hiddenSize } = config;
  const apart = builder.node("Reshape", [weights.linear(rows, linear), builder.ints([-1, heads, hiddenSize / heads])]);
  return builder.node("Transpose", [apart], { perm: [1, 2, 0] });
}
