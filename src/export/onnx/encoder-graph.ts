import { layerAt, layerCounts, type EncoderConfig } from "../../model/encoder-structure";
import { makeFinalNorm, makeHead, makeLayer } from "../../model/layout";
import { GraphBuilder, type Value } from "./graph-builder";
import { GraphWeights, type ExportedWeight } from "./graph-weights";
import { activation } from "./parts/activation";
import { rowsOf, type AttentionPlan } from "./parts/attention";
import { embeddings } from "./parts/embeddings";
import { graphInputs, inputNames, type GraphInputs } from "./parts/graph-inputs";
import { graphParts, norm, type GraphContext } from "./parts/graph-parts";
import { layer } from "./parts/layer";
import { relativeParts, type RelativeParts } from "./parts/relative";
import type { Quantization } from "./quantize";
import type { WholeGraph } from "./write-model";

/** Options of {@link encoderGraph}. */
export interface EncoderGraphOptions {
  readonly config: EncoderConfig;
  readonly numLabels: number;
  readonly weights: readonly ExportedWeight[];
  /** The parts of linear layers and the word embedding that are in 8 bits. */
  readonly quantize: Quantization;
}

/**
 * The graph of an encoder with its head: `input_ids`, `attention_mask` and, if the type has them, `token_type_ids`,
 * int64 [batch, length], to `logits` [batch, labels]. Padded tokens are not attended to.
 */
export function encoderGraph({ config, numLabels, weights, quantize }: EncoderGraphOptions): WholeGraph {
  const builder = new GraphBuilder();
  const context: GraphContext = { builder, config, weights: new GraphWeights(builder, { weights, quantize }) };
  const inputs = graphInputs(context);
  const pooled = encoded(context, inputs);
  builder.name(head(context, pooled, numLabels), "logits");
  return {
    name: config.modelType,
    builder,
    inputs: inputNames(config).map((name) => ({ name, type: "int64", shape: ["batch_size", "sequence_length"] })),
    outputs: [{ name: "logits", type: "float", shape: ["batch_size", numLabels] }],
  };
}

/** The vector of each text: [batch, width]. */
function encoded(context: GraphContext, inputs: GraphInputs): Value {
  const { builder, config } = context;
  const parts = graphParts(config);
  const relative = relativeParts(context, inputs);
  const own = Array.from({ length: layerCounts(config).own }, (_, i) => makeLayer(config, i, parts));
  const { run } = layerCounts(config);
  const isMean = config.structure.head.pooling === "mean";
  let x = embeddings(context, inputs);
  for (let step = 0; step < run; step++) {
    const onlyFirst = step === run - 1 && !isMean;
    const plan = planOf(context, { step, onlyFirst, inputs, relative });
    x = layer(context, x, { parts: own[layerAt(config, step)], plan });
  }
  const final = makeFinalNorm(config, parts);
  if (final !== undefined) x = norm(context, x, final);
  if (!isMean) return builder.node("Squeeze", [x, builder.ints([1])]);
  const weight = inputs.weight(); // [batch, length, 1]
  const sum = (y: Value): Value => builder.node("ReduceSum", [y, builder.ints([1])], { keepdims: 0 });
  return builder.node("Div", [sum(builder.node("Mul", [x, weight])), sum(weight)]);
}

/** Values about pairs of tokens that the layer at a step reads. */
function planOf(
  context: GraphContext,
  {
    step,
    onlyFirst,
    inputs,
    relative,
  }: { step: number; onlyFirst: boolean; inputs: GraphInputs; relative: RelativeParts },
): AttentionPlan {
  const { window, theta } = context.config.structure.layer(step);
  const near =
    window === undefined ? undefined : rowsOf(context, relative.near(window), { plan: { onlyFirst }, axis: 0 });
  return {
    onlyFirst,
    mask: near === undefined ? inputs.mask : context.builder.node("And", [inputs.mask, near]),
    bias: relative.bias,
    positions: relative.positions,
    rotary: theta === undefined ? undefined : relative.rotary(theta),
  };
}

/** The logits [batch, labels] of x [batch, width]. */
function head(context: GraphContext, x: Value, numLabels: number): Value {
  const { weights, config } = context;
  const { dense, norm: normModule, classifier } = makeHead(config, numLabels, graphParts(config));
  const hidden = activation(context, weights.linear(x, dense), config.structure.head.activation);
  return weights.linear(normModule === undefined ? hidden : norm(context, hidden, normModule), classifier);
}
