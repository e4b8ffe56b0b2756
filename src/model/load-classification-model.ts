import { Random } from "../base/random";
import type { Ops } from "../ops/ops";
import { sizeOf } from "../ops/tensor";
import { buildModel } from "./build-model";
import { checkLayerCount } from "./check-layer-count";
import type { ClassificationModel } from "./classification-model";
import { readEncoderConfig } from "./encoder-config";
import type { EncoderConfig } from "./encoder-structure";
import { expectedShapes } from "./expected-shapes";
import { Parameter } from "./parts/parameter";
import { checkDoubles } from "./weights/check-doubles";
import { openCheckpoint, type Checkpoint } from "./weights/open-checkpoint";
import { planWeights } from "./weights/plan-weights";
import { isFloating } from "./weights/read-floats";
import { weightNames } from "./weights/weight-names";

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
  /** The folder's weights as they were opened before, to read their headers only once. @default opens them */
  readonly weights?: Checkpoint;
}

/**
 * Reads `config.json` and the weights of a Hugging Face folder, tensor by tensor. Every weight's name and shape is
 * checked before any is read. As in transformers, head weights that the checkpoint lacks are drawn from N(0,
 * initializer_range) (in ModernBERT from its own truncated normal distributions), and head biases that it lacks are 0.
 * Such parameters are marked as `drawn`.
 *
 * @throws TsloraError `not-found`, `unsupported` or `bad-input`, listing every missing, unexpected or mis-shaped
 *   weight.
 */
export async function loadClassificationModel(directory: string, options: LoadModelOptions): Promise<LoadedModel> {
  const config = await readEncoderConfig(directory);
  const file = await (options.weights?.reopen() ?? openCheckpoint(directory));
  try {
    checkLayerCount(file, config);
    const shapes = expectedShapes(config, options.numLabels);
    const plan = planWeights(file, { shapes, config, labels: options.labels, newHead: options.newHead ?? false });
    const random = new Random(options.seed).fork("head");
    const parameters = new Map<string, Parameter>();
    try {
      await checkDoubles(file, plan.doubles);
      // Damage in unused tensors is an error, too.
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
      model: buildModel(config, { ops: options.ops, parameters, numLabels: options.numLabels }),
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

function drawWeight(
  name: string,
  { shape, random, config }: { shape: readonly number[]; random: Random; config: EncoderConfig },
): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  if (name.endsWith(".bias")) return values;
  const { head } = weightNames(config);
  const { head: structure } = config.structure;
  if (structure.spread === undefined) return values.map(() => random.normal() * config.initializerRange);
  if (head.norm !== undefined && name.startsWith(`${head.norm}.`)) return values.fill(1);
  const { dense, classifier, cutoff } = structure.spread;
  const spread = name.startsWith(`${head.classifier}.`) ? classifier : dense;
  return values.map(() => spread * truncatedNormal(random, cutoff));
}

/** A normal number, drawn again while it is beyond the cutoff. */
function truncatedNormal(random: Random, cutoff: number): number {
  for (;;) {
    const drawn = random.normal();
    if (Math.abs(drawn) <= cutoff) return drawn;
  }
}
