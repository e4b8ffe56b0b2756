import type { Ops } from "../ops/ops";
import { ClassificationHead } from "./parts/classification-head";
import { ClassificationModel } from "./classification-model";
import { Embeddings } from "./parts/embeddings";
import type { EncoderConfig } from "./encoder-config";
import { EncoderLayer } from "./parts/encoder-layer";
import { Linear } from "./parts/linear";
import { Norm } from "./parts/norm";
import type { Parameter } from "./parts/parameter";
import { weightNames } from "./weights/weight-names";

/** Every weight's shape by its full name, in the order of the model. */
export function expectedShapes(config: EncoderConfig, numLabels: number): Map<string, readonly number[]> {
  const names = weightNames(config);
  const { hiddenSize: width, intermediateSize: inner } = config;
  const shapes = new Map<string, readonly number[]>();
  const linear = (name: string, out: number, into: number): void =>
    void shapes.set(`${name}.weight`, [out, into]).set(`${name}.bias`, [out]);
  const norm = (name: string): void => void shapes.set(`${name}.weight`, [width]).set(`${name}.bias`, [width]);
  shapes.set(names.words, [config.vocabSize, width]).set(names.positions, [config.maxPositionEmbeddings, width]);
  if (names.types !== undefined) shapes.set(names.types, [config.typeVocabSize, width]);
  norm(names.embeddingsNorm);
  for (let i = 0; i < config.numHiddenLayers; i++) {
    const layer = names.layer(i);
    for (const part of [layer.query, layer.key, layer.value, layer.attentionOutput]) linear(part, width, width);
    norm(layer.attentionNorm);
    linear(layer.intermediate, inner, width);
    linear(layer.output, width, inner);
    norm(layer.outputNorm);
  }
  linear(names.dense, width, width);
  linear(names.classifier, numLabels, width);
  return shapes;
}

/** Builds the model from its parameters, by their full names. The model takes them over. */
export function buildModel(
  config: EncoderConfig,
  { ops, parameters }: { ops: Ops; parameters: Map<string, Parameter> },
): ClassificationModel {
  const names = weightNames(config);
  const parameter = (name: string): Parameter => {
    const found = parameters.get(name);
    if (found === undefined) throw new TypeError(`No parameter "${name}" was planned.`);
    return found;
  };
  const linear = (name: string): Linear =>
    new Linear(ops, name, parameter(`${name}.weight`), parameter(`${name}.bias`));
  const norm = (name: string): Norm =>
    new Norm(parameter(`${name}.weight`), parameter(`${name}.bias`), config.layerNormEps);
  const embeddings = new Embeddings(
    {
      words: parameter(names.words),
      positions: parameter(names.positions),
      types: names.types === undefined ? undefined : parameter(names.types),
      norm: norm(names.embeddingsNorm),
    },
    config,
  );
  const layers = Array.from({ length: config.numHiddenLayers }, (_, i) => {
    const n = names.layer(i);
    const modules = {
      query: linear(n.query),
      key: linear(n.key),
      value: linear(n.value),
      attentionOutput: linear(n.attentionOutput),
      attentionNorm: norm(n.attentionNorm),
      intermediate: linear(n.intermediate),
      output: linear(n.output),
      outputNorm: norm(n.outputNorm),
    };
    return new EncoderLayer(modules, config);
  });
  return new ClassificationModel(ops, config, {
    embeddings,
    layers,
    head: new ClassificationHead({ dense: linear(names.dense), classifier: linear(names.classifier) }, config),
  });
}
