import type { LayerParts } from "../../../model/layout";
import type { Value } from "../graph-builder";
import type { GraphModule } from "../graph-weights";
import { activation } from "./activation";
import { attention, type AttentionPlan } from "./attention";
import { firstTokens, norm, splitLast, type GraphContext } from "./graph-parts";

/** One layer: x [batch, length, width] to [batch, queries, width]. */
export function layer(
  context: GraphContext,
  x: Value,
  { parts, plan }: { parts: LayerParts<GraphModule, GraphModule>; plan: AttentionPlan },
): Value {
  const { builder, weights, config } = context;
  const add = (a: Value, b: Value): Value => builder.node("Add", [a, b]);
  const residual = plan.onlyFirst ? firstTokens(context, x) : x;
  const isPre = config.structure.norm.placement === "pre";
  const normed = (y: Value, module: GraphModule | undefined): Value =>
    module === undefined ? y : norm(context, y, module);
  const input = isPre ? normed(x, parts.attentionNorm) : x;
  const attended = weights.linear(attention(context, input, parts.attention, plan), parts.attentionOutput);
  const sum = add(residual, attended);
  if (isPre) return add(sum, feedForward(context, normed(sum, parts.feedForwardNorm), parts));
  const middle = normed(sum, parts.attentionNorm);
  return normed(add(middle, feedForward(context, middle, parts)), parts.feedForwardNorm);
}

function feedForward(
  context: GraphContext,
  x: Value,
  { intermediate, output }: Pick<LayerParts<GraphModule, GraphModule>, "intermediate" | "output">,
): Value {
  const { builder, weights, config } = context;
  const { intermediateSize: size, hiddenAct } = config;
  const inner = weights.linear(x, intermediate);
  if (config.structure.feedForward.kind === "mlp") return weights.linear(activation(context, inner, hiddenAct), output);
  const [gate, values] = splitLast(context, inner, [size, size]);
  return weights.linear(builder.node("Mul", [activation(context, gate, hiddenAct), values]), output);
}
