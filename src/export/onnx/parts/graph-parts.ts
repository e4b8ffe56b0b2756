import type { EncoderConfig } from "../../../model/encoder-structure";
import type { PartMaker } from "../../../model/layout";
import type { GraphBuilder, Value } from "../graph-builder";
import type { GraphModule, GraphWeights } from "../graph-weights";

/** The builder, weights and configuration that the parts of a graph share. */
export interface GraphContext {
  readonly builder: GraphBuilder;
  readonly weights: GraphWeights;
  readonly config: EncoderConfig;
}

/** The modules of an encoder by their names: `layout.ts` lists its parts with it. */
export function graphParts({ structure }: EncoderConfig): PartMaker<GraphModule, GraphModule, string> {
  return {
    linear: (name, { bias = true }) => ({ name, hasBias: bias }),
    norm: (name) => ({ name, hasBias: structure.norm.bias }),
    table: (name) => name,
  };
}

/** A layer norm with the encoder's epsilon. */
export function norm({ weights, config }: GraphContext, x: Value, module: GraphModule): Value {
  return weights.norm(x, module, config.layerNormEps);
}

/** Elements from `begin` to before `end` along an axis. */
export function slice(
  { builder }: GraphContext,
  x: Value,
  { begin, end, axis }: { begin: number; end: number | Value; axis: number },
): Value {
  const last = typeof end === "number" ? builder.ints([end]) : end;
  return builder.node("Slice", [x, builder.ints([begin]), last, builder.ints([axis])]);
}

/** The first tokens: x [batch, length, width] to [batch, 1, width]. */
export function firstTokens(context: GraphContext, x: Value): Value {
  return slice(context, x, { begin: 0, end: 1, axis: 1 });
}

/** Parts of x along its last axis. */
export function splitLast({ builder }: GraphContext, x: Value, sizes: readonly number[]): Value[] {
  return builder.nodeOf("Split", [x, builder.ints(sizes)], { outputs: sizes.length, attributes: { axis: -1 } });
}
