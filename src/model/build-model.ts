import type { Ops } from "../ops/ops";
import { ClassificationModel } from "./classification-model";
import { layerCounts, type EncoderConfig } from "./encoder-structure";
import { ClassificationHead } from "./parts/classification-head";
import {
  makeEmbeddings,
  makeFinalNorm,
  makeHead,
  makeLayer,
  makePositions,
  makeRelative,
  type LayerParts,
  type PartMaker,
  type ProjectionParts,
} from "./layout";
import { DisentangledAttention } from "./parts/disentangled-attention";
import { Embeddings } from "./parts/embeddings";
import type { EncoderLayer } from "./parts/encoder-layer";
import { Mlp } from "./parts/feed-forward";
import { FusedAttention } from "./parts/fused-attention";
import { GatedFeedForward } from "./parts/gated-feed-forward";
import { Linear } from "./parts/linear";
import { Norm } from "./parts/norm";
import type { Parameter } from "./parts/parameter";
import { PostNormLayer } from "./parts/post-norm-layer";
import { PreNormLayer } from "./parts/pre-norm-layer";
import { RelativeBias } from "./parts/relative-bias";
import { RelativePositions } from "./parts/relative-positions";
import type { Attention } from "./parts/attention";
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
  const table = makeRelative(config, maker);
  const relative = table && new RelativeBias(table);
  const positions = positionsOf(config, maker);
  return new ClassificationModel(ops, config, {
    embeddings: new Embeddings(makeEmbeddings(config, maker), config),
    relative,
    positions,
    layers: Array.from({ length: layerCounts(config).own }, (_, i) =>
      layerOf(makeLayer(config, i, maker), { config, relative, positions }),
    ),
    finalNorm: makeFinalNorm(config, maker),
    head: new ClassificationHead(makeHead(config, numLabels, maker), config),
  });
}

function positionsOf(config: EncoderConfig, maker: PartMaker<Linear, Norm, Parameter>): RelativePositions | undefined {
  const made = makePositions(config, maker);
  const { disentangled } = config.structure;
  return made && disentangled && new RelativePositions(made, disentangled);
}

/** The parts that the layers of an encoder share. */
interface Shared {
  readonly config: EncoderConfig;
  readonly relative: RelativeBias | undefined;
  readonly positions: RelativePositions | undefined;
}

function attentionOf(projections: ProjectionParts<Linear>, { config, relative, positions }: Shared): Attention {
  if ("fused" in projections) return new FusedAttention(projections, config);
  const { disentangled: structure } = config.structure;
  return structure === undefined
    ? new SelfAttention(projections, { config, relative })
    : new DisentangledAttention(projections, { config, structure, relative: positions });
}

function layerOf(parts: LayerParts<Linear, Norm>, shared: Shared): EncoderLayer {
  const { config } = shared;
  const { attentionOutput, attentionNorm, intermediate, output, feedForwardNorm } = parts;
  const { norm, feedForward: structure } = config.structure;
  const attention = attentionOf(parts.attention, shared);
  const feedForward =
    structure.kind === "gated"
      ? new GatedFeedForward({ intermediate, output }, config)
      : new Mlp({ intermediate, output }, config);
  if (norm.placement === "pre")
    return new PreNormLayer({ attentionNorm, attention, attentionOutput, feedForwardNorm, feedForward }, config);
  if (attentionNorm === undefined) throw new TypeError("A post-norm layer has a norm after its attention.");
  return new PostNormLayer({ attention, attentionOutput, attentionNorm, feedForward, feedForwardNorm }, config);
}
