import { architectureOf, type WeightNames } from "./architectures/index";
import type { EncoderConfig } from "./encoder-structure";

/** Makes the parts of a model. Other makers list the parts' weights or modules instead. */
export interface PartMaker<L, N, T> {
  /** A linear layer with a weight [out, into]. */
  linear(name: string, options: { out: number; into: number; bias?: boolean }): L;
  /** A layer norm over `width` numbers. */
  norm(name: string, width: number): N;
  /** An embedding's weight. */
  table(name: string, shape: readonly number[]): T;
}

/** The attention's projections: separate linear layers for query, key and value, or one for all. */
export type ProjectionParts<L> =
  | {
      readonly query: L;
      readonly key: L;
      readonly value: L;
      readonly positionKey: L | undefined;
      readonly positionQuery: L | undefined;
    }
  | { readonly fused: L };

/** The parts of one layer. */
export interface LayerParts<L, N> {
  readonly attention: ProjectionParts<L>;
  readonly attentionOutput: L;
  readonly attentionNorm: N | undefined;
  readonly intermediate: L;
  readonly output: L;
  readonly feedForwardNorm: N;
}

function namesOf(config: EncoderConfig): WeightNames {
  return architectureOf(config.modelType).names;
}

/** Makes the embeddings. */
export function makeEmbeddings<L, N, T>(
  config: EncoderConfig,
  maker: PartMaker<L, N, T>,
): { words: T; positions: T | undefined; types: T | undefined; norm: N; projection: L | undefined } {
  const { prefix, embeddings: names } = namesOf(config);
  const { embeddingSize: width } = config;
  const hasPositions = config.structure.positions.kind === "learned";
  const table = (name: string | undefined, rows: number): T | undefined =>
    name === undefined || rows === 0 ? undefined : maker.table(`${prefix}${name}.weight`, [rows, width]);
  return {
    words: maker.table(`${prefix}${names.words}.weight`, [config.vocabSize, width]),
    positions: table(names.positions, hasPositions ? config.maxPositionEmbeddings : 0),
    types: table(names.types, config.typeVocabSize),
    norm: maker.norm(`${prefix}${names.norm}`, width),
    projection:
      names.projection !== undefined && config.structure.projectsEmbeddings
        ? maker.linear(`${prefix}${names.projection}`, { out: config.hiddenSize, into: width })
        : undefined,
  };
}

/** Makes the table of the attention scores' addends, if the encoder has one. */
export function makeRelative<L, N, T>(config: EncoderConfig, maker: PartMaker<L, N, T>): T | undefined {
  const { prefix, relative } = namesOf(config);
  const { positions } = config.structure;
  const buckets = positions.kind === "learned" ? positions.relativeBuckets : undefined;
  return relative === undefined || buckets === undefined
    ? undefined
    : maker.table(`${prefix}${relative}.weight`, [buckets, config.numAttentionHeads]);
}

/** Makes the embedding of relative positions and its norm, if the encoder has them. */
export function makePositions<L, N, T>(
  config: EncoderConfig,
  maker: PartMaker<L, N, T>,
): { table: T; norm: N | undefined } | undefined {
  const { prefix, relative, relativeNorm } = namesOf(config);
  const { disentangled } = config.structure;
  if (disentangled?.isRelative !== true || relative === undefined) return undefined;
  return {
    table: maker.table(`${prefix}${relative}.weight`, [2 * disentangled.span, config.hiddenSize]),
    norm:
      relativeNorm !== undefined && disentangled.hasNorm
        ? maker.norm(`${prefix}${relativeNorm}`, config.hiddenSize)
        : undefined,
  };
}

/** Makes the norm after the last layer, if there is one. */
export function makeFinalNorm<L, N, T>(config: EncoderConfig, maker: PartMaker<L, N, T>): N | undefined {
  const { prefix, finalNorm } = namesOf(config);
  return finalNorm === undefined ? undefined : maker.norm(`${prefix}${finalNorm}`, config.hiddenSize);
}

/** The full name of one of the layers with weights of their own. */
export function layerName(config: EncoderConfig, layer: number): string {
  const { prefix, layers } = namesOf(config);
  const { layersPerGroup = 1 } = config.structure.sharing ?? {};
  const numbers = layers.split("#").length > 2 ? [Math.floor(layer / layersPerGroup), layer % layersPerGroup] : [layer];
  return `${prefix}${numbers.reduce<string>((name, number) => name.replace("#", String(number)), layers)}`;
}

/** Makes one of the layers with weights of their own. */
export function makeLayer<L, N, T>(config: EncoderConfig, layer: number, maker: PartMaker<L, N, T>): LayerParts<L, N> {
  const { layer: names } = namesOf(config);
  const { hiddenSize: width, intermediateSize: inner, structure } = config;
  const full = (part: string): string => `${layerName(config, layer)}.${part}`;
  const { bias } = structure.attention;
  const square = (part: string): L => maker.linear(full(part), { out: width, into: width, bias });
  const { attention: projections } = names;
  const { disentangled } = structure;
  const ofPositions = (name: string | undefined, term: "c2p" | "p2c"): L | undefined =>
    name !== undefined &&
    disentangled?.isRelative === true &&
    !disentangled.sharesProjections &&
    disentangled.terms.includes(term)
      ? square(name)
      : undefined;
  const attention =
    "fused" in projections
      ? { fused: maker.linear(full(projections.fused), { out: 3 * width, into: width, bias }) }
      : {
          query: square(projections.query),
          key: square(projections.key),
          value: square(projections.value),
          positionKey: ofPositions(projections.positionKey, "c2p"),
          positionQuery: ofPositions(projections.positionQuery, "p2c"),
        };
  const attentionOutput = square(names.attentionOutput);
  const hasNorm = structure.layer(layer).attentionNorm ?? true;
  const attentionNorm = hasNorm ? maker.norm(full(names.attentionNorm), width) : undefined;
  const { kind, bias: ofFeedForward } = structure.feedForward;
  return {
    attention,
    attentionOutput,
    attentionNorm,
    intermediate: maker.linear(full(names.intermediate), {
      out: kind === "gated" ? 2 * inner : inner,
      into: width,
      bias: ofFeedForward,
    }),
    output: maker.linear(full(names.output), { out: width, into: inner, bias: ofFeedForward }),
    feedForwardNorm: maker.norm(full(names.feedForwardNorm), width),
  };
}

/** Makes the parts of the head. */
export function makeHead<L, N, T>(
  config: EncoderConfig,
  numLabels: number,
  maker: PartMaker<L, N, T>,
): { dense: L; norm: N | undefined; classifier: L } {
  const { head: names } = namesOf(config);
  const { hiddenSize: width } = config;
  const { head } = config.structure;
  return {
    dense: maker.linear(names.dense, {
      out: width,
      into: width,
      bias: head.bias,
    }),
    norm: names.norm === undefined ? undefined : maker.norm(names.norm, width),
    classifier: maker.linear(names.classifier, { out: numLabels, into: width }),
  };
}
