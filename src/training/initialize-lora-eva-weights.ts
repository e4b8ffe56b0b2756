import { cellSignal } from "../base/cell-signal";
import { Problems } from "../base/problems";
import { TsloraError } from "../base/tslora-error";
import type { SequenceClassifier } from "../classifier/sequence-classifier";
import type { Adapter } from "../lora/adapter";
import { evaAdapter } from "../lora/eva/eva-adapter";
import { evaComponents, findDirections, type EvaLayer, type ReadInputs } from "../lora/eva/find-directions";
import { recordInputs } from "../lora/eva/record-inputs";
import type { Linear } from "../model/parts/linear";
import { epochBatches, splitByTokens } from "./data/batches";
import type { SamplingStrategy, TrainingData } from "./options/train-options";
import { TRAIN_OPTION_TABLE } from "./options/train-option-table";
import { examplesOf } from "./data/training-examples";

/** Options of {@link initializeLoraEvaWeights}, under the names of `train`. */
export interface InitializeEvaOptions {
  /**
   * Texts per batch.
   * @default 16
   */
  readonly perDeviceTrainBatchSize?: number;
  /**
   * The order of the texts.
   * @default "random"
   */
  readonly trainSamplingStrategy?: SamplingStrategy;
  /**
   * Seed of the shuffle.
   * @default the classifier's
   */
  readonly seed?: number;
  /**
   * Most tokens in one forward pass, which limits the memory; the result does not depend on it.
   * @default 2048
   */
  readonly maxTokensPerPass?: number;
  /** Called with the number of layers whose directions have converged, and of all. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops with an error; the adapter is then unchanged. */
  readonly signal?: AbortSignal;
}

/** Most numbers of inputs to record in one forward pass: 256 MB. */
const MOST_RECORDED = 2 ** 26;

/**
 * Initializes the active adapter by EVA (Paischer et al., 2024), as peft's `initialize_lora_eva_weights`: finds the
 * directions that explain most of the variance of each layer's inputs, distributes the ranks over the layers, and makes
 * A from the directions. The adapter must be new, with `initLoraWeights: "eva"`. Logits do not change. Afterwards
 * `classifier.adapter` is another object; its configuration holds the new ranks.
 *
 * The batches are read in cycles until all directions have converged by `evaConfig.tau`.
 *
 * @param data - the texts to train on
 * @throws TsloraError if the adapter does not wait for EVA, an option or the data is wrong, or the directions do not
 *   converge; the adapter is then unchanged.
 */
export async function initializeLoraEvaWeights(
  classifier: SequenceClassifier,
  data: TrainingData,
  options: InitializeEvaOptions = {},
): Promise<Adapter> {
  const adapter = expectAwaiting(classifier);
  const resolved = checked(options);
  const { model, labels, problemType } = classifier;
  const { texts } = examplesOf(data, { name: "initializeLoraEvaWeights", labels, problemType });
  const documents = classifier.encode(texts);
  const lengths = documents.map(({ ids }) => ids.length);
  const batches = epochBatches(lengths, {
    batchSize: resolved.perDeviceTrainBatchSize,
    strategy: resolved.trainSamplingStrategy,
    seed: options.seed ?? classifier.seed,
    epoch: 0,
  });
  const { evaConfig } = adapter.config;
  if (evaConfig === undefined) throw new TypeError(`An adapter with initLoraWeights "eva" must have an evaConfig.`);
  const layers = new Map(model.linears().flatMap((l) => (adapter.updates.has(l.module) ? [[l.module, l]] : [])));
  const evaLayers = [...layers.values()].map((layer) => evaLayer(layer, adapter));
  checkSizes(evaLayers, evaConfig.rho);
  const record = async (linears: readonly Linear[], batch: readonly number[]): ReturnType<typeof recordInputs> => {
    const parts = splitByTokens(
      batch.map((_, i) => i),
      { lengths: batch.map((index) => lengths[index]), maxTokens: resolved.maxTokensPerPass },
    );
    return recordInputs(model, { layers: linears, documents: batch.map((index) => documents[index]), parts });
  };
  const shortest = batches[0].slice(0, 1);
  const { sources } = await record([...layers.values()], shortest);
  const inputs: ReadInputs = async function* (modules, batch) {
    const linears = modules.flatMap((module) => layers.get(module) ?? []);
    const rows = batches[batch].reduce((sum, index) => sum + lengths[index], 0);
    for (const group of grouped(linears, MOST_RECORDED / rows)) {
      for (const [module, runs] of (await record(group, batches[batch])).values)
        for (const x of runs) yield [module, x];
    }
  };
  const directions = await findDirections({
    ...evaConfig,
    ops: model.ops,
    layers: evaLayers,
    sources,
    batches: batches.length,
    inputs,
    onProgress: options.onProgress,
    signal: options.signal ?? cellSignal(),
  });
  return classifier.replaceAdapter(evaAdapter(model, adapter, directions));
}

/** The active adapter, if it waits for EVA. */
function expectAwaiting(classifier: SequenceClassifier): Adapter {
  const { adapter, adapterState } = classifier;
  if (adapter === undefined || adapterState !== "active" || !adapter.awaitsEva)
    throw new TsloraError(
      "bad-input",
      'initializeLoraEvaWeights: the active adapter must be new, with initLoraWeights "eva", and not initialized yet; ' +
        `got ${adapter === undefined ? "no adapter" : `"${adapter.name}", which is not`}. ` +
        'Call classifier.addAdapter({ initLoraWeights: "eva" }) first.',
    );
  return adapter;
}

type Resolved = Required<
  Pick<InitializeEvaOptions, "perDeviceTrainBatchSize" | "trainSamplingStrategy" | "maxTokensPerPass">
>;

/** Checks the options by the table of `train`. */
function checked(options: InitializeEvaOptions): Resolved {
  const { perDeviceTrainBatchSize: size, trainSamplingStrategy: order, maxTokensPerPass: tokens } = TRAIN_OPTION_TABLE;
  const {
    perDeviceTrainBatchSize = size.default.value,
    trainSamplingStrategy = order.default.value,
    maxTokensPerPass = tokens.default.cpu,
  } = options;
  const problems = new Problems("initializeLoraEvaWeights");
  for (const [name, value] of Object.entries({ perDeviceTrainBatchSize, maxTokensPerPass }))
    problems.expect(
      Number.isInteger(value) && value > 0,
      `${name} must be a whole number above 0; got ${String(value)}`,
    );
  problems.expect(
    (order.values as readonly string[]).includes(trainSamplingStrategy),
    `trainSamplingStrategy must be one of ${order.values.join(", ")}; got ${String(trainSamplingStrategy)}`,
  );
  problems.throwIfAny();
  return { perDeviceTrainBatchSize, trainSamplingStrategy, maxTokensPerPass };
}

function evaLayer({ module, inFeatures: features }: Linear, adapter: Adapter): EvaLayer {
  const r = adapter.updates.get(module)?.a.shape[0] ?? 0;
  return { module, features, r };
}

function checkSizes(layers: readonly EvaLayer[], rho: number): void {
  const problems = new Problems("initializeLoraEvaWeights");
  for (const { module, features, r } of layers)
    problems.expect(
      evaComponents(r, rho) <= features,
      `r times rho must be at most ${features}, the inputs of ${module}; got ${evaComponents(r, rho)}. Choose a smaller r or rho`,
    );
  problems.throwIfAny();
}

/** Layers in groups of at most `most` features each. */
function grouped(layers: readonly Linear[], most: number): Linear[][] {
  const groups: { features: number; layers: Linear[] }[] = [];
  for (const layer of layers) {
    const last = groups.at(-1);
    if (last !== undefined && last.features + layer.inFeatures <= most) {
      last.features += layer.inFeatures;
      last.layers.push(layer);
    } else groups.push({ features: layer.inFeatures, layers: [layer] });
  }
  return groups.map((group) => group.layers);
}
