import type { Ops } from "../ops/ops";
import { ClassificationModel } from "./classification-model";
import { layerCounts, type EncoderConfig } from "./encoder-structure";
import { DenseHead } from "./heads/dense-head";
import type { Head } from "./heads/head";
import { makeEmbeddings, makeHead, makeLayer, type LayerParts, type PartMaker } from "./layout";
import { Embeddings } from "./parts/embeddings";
import { EncoderLayer } from "./parts/encoder-layer";
import { FeedForward } from "./parts/feed-forward";
import { Linear } from "./parts/linear";
import { Norm } from "./parts/norm";
import type { Parameter } from "./parts/parameter";
import { SelfAttention } from "./parts/self-attention";

/** Builds the model from its parameters, by their full names. The model takes them over. */
export function buildModel(
  config: EncoderConfig,
  { ops, parameters, numLabels }: { ops: Ops; parameters: ReadonlyMap<string, Parameter>; numLabels: number },
): ClassificationModel {
  const parameter = (name: string): Parameter => {
    const found = parameters.get(name);
    if (found === undefined) throw new TypeError(`No parameter "${name}" was planned.`);
    return found;
  };
  const maker: PartMaker<Linear, Norm, Parameter> = {
    linear: (name, { bias = true }) =>
      new Linear(ops, name, parameter(`${name}.weight`), bias ? parameter(`${name}.bias`) : undefined),
    norm: (name) =>
      new Norm(
        parameter(`${name}.weight`),
        config.structure.norm.bias ? parameter(`${name}.bias`) : undefined,
        config.layerNormEps,
      ),
    table: parameter,
  };
  return new ClassificationModel(ops, config, {
    embeddings: new Embeddings(makeEmbeddings(config, maker), config),
    layers: Array.from({ length: layerCounts(config).own }, (_, i) => layer(config, makeLayer(config, i, maker))),
    head: head(config, makeHead(config, numLabels, maker)),
  });
}

function layer(config: EncoderConfig, parts: LayerParts<Linear, Norm>): EncoderLayer {
  const { attention, attentionOutput, attentionNorm, intermediate, output, feedForwardNorm } = parts;
  if ("fused" in attention || attentionNorm === undefined)
    throw new TypeError(`${config.modelType}: no layer has these parts.`);
  return new EncoderLayer(
    {
      attention: new SelfAttention(attention, config),
      attentionOutput,
      attentionNorm,
      feedForward: new FeedForward({ intermediate, output }, config),
      feedForwardNorm,
    },
    config,
  );
}

function head(config: EncoderConfig, { dense, classifier }: { dense: Linear; classifier: Linear }): Head {
  const { head: structure } = config.structure;
  if (structure.kind !== "dense") throw new TypeError(`${config.modelType}: no head has these parts.`);
  return new DenseHead({ dense, classifier }, { config, structure });
}
