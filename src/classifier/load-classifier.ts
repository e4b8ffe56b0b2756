import { DEFAULT_SEED } from "../base/default-seed";
import { Problems } from "../base/problems";
import { TsloraError } from "../base/tslora-error";
import { deviceOf, deviceWish, type DeviceOptions } from "../device/device";
import { openDevice } from "../device/open-device";
import { resolveModel, type ResolvedModel } from "../hub/resolve-model";
import { knownWeights } from "../hub/with-weights";
import { readEncoderConfig, type EncoderConfig, type ProblemType } from "../model/encoder-config";
import { loadClassificationModel } from "../model/load-classification-model";
import { loadTokenizer } from "../tokenizer/load-tokenizer";
import type { Tokenizer } from "../tokenizer/tokenizer";
import { defaultLabels } from "./default-labels";
import { PRECISIONS, type PredictionPrecision } from "./precisions";
import { setPrecision, type PrecisionCheck } from "./set-precision";
import { SequenceClassifier, type TextTokenizer } from "./sequence-classifier";

/** Options of {@link loadClassifier}. */
export interface LoadClassifierOptions extends DeviceOptions {
  /**
   * Names of the classes, in the order of their numbers.
   * @default those of the checkpoint, or NEGATIVE and POSITIVE
   */
  readonly labels?: readonly string[];
  /**
   * Whether a text has one of the labels or any number of them.
   * @default the checkpoint's `problem_type`, or "single_label_classification"
   */
  readonly problemType?: ProblemType;
  /**
   * Seed of a new head and a new adapter.
   * @default 42
   */
  readonly seed?: number;
  /**
   * Most tokens of a text; longer texts are cut, in training and in prediction. To be left out with `tokenizer`, which
   * cuts texts itself.
   * @default 512, or the number of the model's positions if that is smaller
   */
  readonly maxLength?: number;
  /**
   * Draws a new head for the labels even if the checkpoint has a head, as transformers' `ignore_mismatched_sizes`. Use
   * it to continue from a classifier with other labels.
   * @default false
   */
  readonly newHead?: boolean;
  /**
   * Numbers that prediction computes with; see `setPrecision`. "int8" is for prediction alone, on the processor.
   * @default "float32"
   */
  readonly precision?: PredictionPrecision;
  /**
   * For precision "int8" and a model with a trained head: a small check set. Accuracy and difference are printed.
   * @default none
   */
  readonly precisionCheck?: PrecisionCheck;
  /** A tokenizer that is already loaded. By default the model's own is loaded. */
  readonly tokenizer?: TextTokenizer;
}

/**
 * Loads a checkpoint for sequence classification, of any type in `model/architectures/`.
 *
 * @param model - "auto", "embedded", a folder, a name on the Hub, or a result of `resolveModel`
 * @throws TsloraError if the model is not found or has another architecture, its weights are incomplete, or the device
 *   is not available.
 */
export async function loadClassifier(
  model: string | ResolvedModel,
  options: LoadClassifierOptions = {},
): Promise<SequenceClassifier> {
  const { seed = DEFAULT_SEED, newHead = false, precision = "float32" } = options;
  const origin =
    typeof model === "string"
      ? await resolveModel(model, { requireTokenizer: options.tokenizer === undefined })
      : model;
  const config = await readEncoderConfig(origin.directory);
  const labels = options.labels ?? defaultLabels(config.id2label);
  const maxLength = options.maxLength ?? Math.min(512, config.maxTokens);
  const problems = new Problems("loadClassifier");
  const problemType = chosenProblemType(options.problemType, { config, problems });
  problems.expect(Number.isInteger(seed), `seed must be a whole number; got ${String(seed)}`);
  problems.expect(
    labels.length >= 2 && new Set(labels).size === labels.length,
    `labels must be at least two different names; got ${JSON.stringify(labels)}`,
  );
  problems.expect(typeof newHead === "boolean", `newHead must be true or false; got ${JSON.stringify(newHead)}`);
  problems.expect(
    Number.isInteger(maxLength) && maxLength >= 2 && maxLength <= config.maxTokens,
    `maxLength must be a whole number from 2 to ${config.maxTokens}, the tokens that the model has positions for; got ${String(maxLength)}`,
  );
  checkTokenizer(problems, { ...options, config });
  checkPrecision(problems, options);
  problems.throwIfAny();
  deviceWish(deviceOf(options), { where: "loadClassifier" });
  const tokenizer = options.tokenizer ?? (await ownTokenizer(origin.directory, { maxLength, config }));
  const { device, ops } = await openDevice(deviceOf(options), { where: "loadClassifier" });
  const { model: loaded, newlyInitialized } = await loadClassificationModel(origin.directory, {
    ops,
    numLabels: labels.length,
    labels,
    seed,
    newHead,
    weights: knownWeights(origin),
  });
  const classifier = new SequenceClassifier({
    model: loaded,
    tokenizer,
    labels,
    problemType,
    origin,
    newlyInitialized,
    seed,
    device,
  });
  if (precision !== "float32") await usePrecision(classifier, precision, options.precisionCheck);
  return classifier;
}

/** Checks the length to which a tokenizer that is already loaded cuts texts. */
function checkTokenizer(
  problems: Problems,
  { tokenizer, maxLength, config }: LoadClassifierOptions & { config: EncoderConfig },
): void {
  if (tokenizer === undefined) return;
  const { maxLength: own } = tokenizer;
  problems.expect(
    own <= config.maxTokens,
    `the tokenizer cuts texts to ${own} tokens, but the model has positions for only ${config.maxTokens}`,
  );
  problems.expect(
    maxLength === undefined || maxLength === own,
    `maxLength must be left out with a tokenizer, which cuts texts to ${own} tokens itself; got ${String(maxLength)}`,
  );
}

function checkPrecision(problems: Problems, { precision = "float32", precisionCheck }: LoadClassifierOptions): void {
  problems.expect(
    PRECISIONS.includes(precision),
    `precision must be "float32", "bf16" or "int8"; got ${JSON.stringify(precision)}`,
  );
  problems.expect(
    precisionCheck === undefined || precision === "int8",
    `precisionCheck is for precision "int8"; got precision ${JSON.stringify(precision)}`,
  );
}

/** Sets the precision of a classifier that was just loaded. Prints what the caller must know. */
async function usePrecision(
  classifier: SequenceClassifier,
  precision: PredictionPrecision,
  check: PrecisionCheck | undefined,
): Promise<void> {
  try {
    const { notice } = await setPrecision(classifier, precision, { check, call: "loadClassifier" });
    if (precision === "bf16") console.warn(notice);
    if (check !== undefined) console.log(notice);
  } catch (error) {
    classifier.dispose();
    throw error;
  }
}

function chosenProblemType(
  given: ProblemType | undefined,
  { config, problems }: { config: EncoderConfig; problems: Problems },
): ProblemType {
  const type: string = given ?? config.problemType ?? "single_label_classification";
  if (type === "single_label_classification" || type === "multi_label_classification") return type;
  const source =
    given === undefined
      ? `the checkpoint's problem_type is ${JSON.stringify(type)}. Give the option problemType to use it anyway`
      : `got ${JSON.stringify(type)}`;
  problems.expect(
    false,
    `problemType must be "single_label_classification" or "multi_label_classification"; ${source}`,
  );
  return "single_label_classification";
}

async function ownTokenizer(
  directory: string,
  { maxLength, config }: { maxLength: number; config: EncoderConfig },
): Promise<Tokenizer> {
  const tokenizer = await loadTokenizer(directory, { maxLength });
  if (tokenizer.vocabSize > config.vocabSize)
    throw new TsloraError(
      "bad-input",
      `The tokenizer in ${directory} has ${tokenizer.vocabSize} tokens, but the model has embeddings for only ${config.vocabSize} (vocab_size in config.json). Use the tokenizer that the model was trained with.`,
    );
  return tokenizer;
}
