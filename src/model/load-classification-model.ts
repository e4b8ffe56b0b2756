import { Problems } from "../base/problems";
import { Random } from "../base/random";
import { shownPath } from "../base/shown-path";
import { shownNames, shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import type { Ops } from "../ops/ops";
import { sizeOf } from "../ops/tensor";
import { checkLayerCount } from "./check-layer-count";
import { ClassificationHead } from "./parts/classification-head";
import { ClassificationModel } from "./classification-model";
import { Embeddings } from "./parts/embeddings";
import { readEncoderConfig, type EncoderConfig } from "./encoder-config";
import { EncoderLayer } from "./parts/encoder-layer";
import { Linear } from "./parts/linear";
import { Norm } from "./parts/norm";
import { openCheckpoint, type Checkpoint } from "./weights/open-checkpoint";
import { Parameter } from "./parts/parameter";
import { isFloating } from "./weights/read-safetensors";
import { isOfOtherHead, weightNames } from "./weights/weight-names";

/** A model as read, and the weights that the checkpoint lacks. */
export interface LoadedModel {
  readonly model: ClassificationModel;
  /** Weights of the head that were drawn: the checkpoint lacks them, or `newHead` replaces them. */
  readonly newlyInitialized: readonly string[];
  /** Tensors of the checkpoint that this model does not use, such as another head's. */
  readonly unused: readonly string[];
}

/** Options of {@link loadClassificationModel}. */
export interface LoadModelOptions {
  readonly ops: Ops;
  /** Number of classes of the head. */
  readonly numLabels: number;
  /** Draws a new head's weights. */
  readonly seed: number;
  /** The classes' names. The model is refused if the checkpoint's head has them in another order. */
  readonly labels?: readonly string[];
  /**
   * Draws a new last layer of the classifier even if the checkpoint has one, of any size; as transformers'
   * `ignore_mismatched_sizes`.
   * @default false
   */
  readonly newHead?: boolean;
}

/**
 * Reads `config.json` and the weights of a Hugging Face folder, tensor by tensor. Every weight's name and shape is
 * checked before any is read. As in transformers, head weights that the checkpoint lacks are drawn from N(0,
 * initializer_range), and head biases that it lacks are 0. Such parameters are marked as `drawn`.
 *
 * @throws TsloraError `not-found`, `unsupported` or `bad-input`, listing every missing, unexpected or mis-shaped
 *   weight.
 */
export async function loadClassificationModel(directory: string, options: LoadModelOptions): Promise<LoadedModel> {
  const config = await readEncoderConfig(directory);
  const file = await openCheckpoint(directory);
  try {
    checkLayerCount(file, config);
    const shapes = expectedShapes(config, options.numLabels);
    const plan = planWeights(file, { shapes, config, labels: options.labels, newHead: options.newHead ?? false });
    const random = new Random(options.seed).fork("head");
    const parameters = new Map<string, Parameter>();
    try {
      // damage in unused tensors counts too
      for (const name of plan.unused) if (isReadable(file, name)) await file.readFloats(name);
      for (const [name, shape] of shapes) {
        const source = plan.sources.get(name);
        const values =
          source === undefined ? drawWeight(name, { shape, random, config }) : await file.readFloats(source);
        const parameter = new Parameter(options.ops, name, options.ops.float(values, shape));
        parameter.drawn = source === undefined;
        parameters.set(name, parameter);
      }
    } catch (error) {
      for (const parameter of parameters.values()) parameter.dispose();
      throw error;
    }
    return {
      model: build(config, { ops: options.ops, parameters }),
      newlyInitialized: plan.missing,
      unused: plan.unused,
    };
  } finally {
    await file.close();
  }
}

function isReadable(file: Checkpoint, name: string): boolean {
  const entry = file.entries.get(name);
  return entry !== undefined && isFloating(entry);
}

/** Every weight's shape by its full name, in the order of the model. */
function expectedShapes(config: EncoderConfig, numLabels: number): Map<string, readonly number[]> {
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

/**
 * Finds each weight in the file: under its full name, without the encoder's prefix, or under an old name from
 * TensorFlow.
 */
function planWeights(file: Checkpoint, options: PlanOptions): WeightPlan {
  const { shapes, config, newHead } = options;
  const names = weightNames(config);
  checkHead(file, options);
  const problems = new Problems(`The weights ${shownPath(file.path)} do not fit their config.json`);
  const sources = new Map<string, string>();
  const missing: string[] = [];
  const isClassifier = (name: string): boolean => name.startsWith(`${names.classifier}.`);
  const isHead = (name: string): boolean => isClassifier(name) || name.startsWith(`${names.dense}.`);
  const replaced: string[] = [];
  for (const [name, shape] of shapes) {
    const bare = name.startsWith(names.prefix) ? name.slice(names.prefix.length) : name;
    const candidates = [name, bare].flatMap((n) => [
      n,
      n.replace(/LayerNorm\.weight$/, "LayerNorm.gamma").replace(/LayerNorm\.bias$/, "LayerNorm.beta"),
    ]);
    const found = candidates.find((candidate) => file.entries.has(candidate));
    const source = newHead && isClassifier(name) ? undefined : found;
    if (source === undefined && found !== undefined) {
      replaced.push(found);
      missing.push(name);
      continue;
    }
    if (source === undefined) {
      if (problems.expect(isHead(name), `"${name}" of shape [${shape.join(", ")}] is missing`)) missing.push(name);
      continue;
    }
    const actual = file.entries.get(source)?.shape ?? [];
    problems.expect(
      actual.join() === shape.join(),
      `"${source}" must have the shape [${shape.join(", ")}] by config.json; it has [${actual.join(", ")}]`,
    );
    sources.set(name, source);
  }
  const used = new Set([...sources.values(), ...replaced]);
  const rest = [...file.entries.keys()].filter((name) => !used.has(name));
  for (const name of rest) problems.expect(isOfOtherHead(name, config), `${shownValue(name)} is unexpected`);
  problems.throwIfAny("bad-input");
  return { sources, missing, unused: [...replaced, ...rest] };
}

/** Refuses a checkpoint whose head has another number of labels, before other weights are compared. */
function checkHead(file: Checkpoint, { shapes, config, labels, newHead }: PlanOptions): void {
  const name = `${weightNames(config).classifier}.weight`;
  const [asked] = shapes.get(name) ?? [];
  const shape = file.entries.get(name)?.shape;
  if (newHead || shape?.length !== 2) return;
  const width = shapes.get(name)?.[1] ?? 0;
  if (shape[0] === asked) return checkOrder(labels, config);
  const named = config.id2label?.length === shape[0] ? ` (${shownNames(config.id2label)})` : "";
  throw new TsloraError(
    "bad-input",
    `The model's head has ${shape[0]} labels${named}; ${asked} labels were asked for ("${name}" has the shape [${shape.join(", ")}]; [${asked}, ${width}] was expected). ` +
      `Give ${shape[0]} labels to use its head, or the option newHead: true to train a new head for ${asked}.`,
    { details: { headLabels: shape[0], labels: asked, weights: file.path } },
  );
}

/** Refuses labels that the checkpoint's head has in another order: each label would get another label's scores. */
function checkOrder(labels: readonly string[] = [], { id2label = [] }: EncoderConfig): void {
  const own = id2label.map((name) => name.toLowerCase());
  const moved = labels.filter((name, i) => own.includes(name.toLowerCase()) && own[i] !== name.toLowerCase());
  if (moved.length === 0) return;
  const listed = (names: readonly string[]): string =>
    `${names
      .slice(0, 8)
      .map((name, i) => `${i} ${shownValue(name)}`)
      .join(", ")}${names.length > 8 ? ", …" : ""}`;
  throw new TsloraError(
    "bad-input",
    `The model's head has the labels in another order: it has ${listed(id2label)}; got ${listed(labels)}. ` +
      "Give them in the model's order, or the option newHead: true to train a new head.",
    { details: { headLabels: [...id2label], labels: [...labels] } },
  );
}

/** Inputs of {@link planWeights}. */
interface PlanOptions {
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly config: EncoderConfig;
  readonly labels: readonly string[] | undefined;
  readonly newHead: boolean;
}

/** Where each weight is read from, and which are drawn instead. */
interface WeightPlan {
  readonly sources: ReadonlyMap<string, string>;
  readonly missing: readonly string[];
  readonly unused: readonly string[];
}

function drawWeight(
  name: string,
  { shape, random, config }: { shape: readonly number[]; random: Random; config: EncoderConfig },
): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  if (name.endsWith(".bias")) return values;
  return values.map(() => random.normal() * config.initializerRange);
}

function build(
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
