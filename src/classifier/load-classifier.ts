import { Problems } from "../base/problems";
import { sharedOps } from "../device/shared-ops";
import { resolveModel, type ResolvedModel } from "../hub/resolve-model";
import { readEncoderConfig, type EncoderConfig, type ProblemType } from "../model/encoder-config";
import { loadClassificationModel } from "../model/load-classification-model";
import { loadTokenizer } from "../tokenizer/load-tokenizer";
import { SequenceClassifier, type TextTokenizer } from "./sequence-classifier";

/** Options of {@link loadClassifier}. */
export interface LoadClassifierOptions {
  /**
   * The classes' names, by number.
   * @default those of the checkpoint, or NEGATIVE and POSITIVE
   */
  readonly labels?: readonly string[];
  /**
   * Whether a text has one of the labels or any number of them.
   * @default the checkpoint's `problem_type`, or "single_label_classification"
   */
  readonly problemType?: ProblemType;
  /**
   * Draws a new head and a new adapter.
   * @default 42
   */
  readonly seed?: number;
  /**
   * Tokens that a text is cut to, in training and in prediction alike.
   * @default 512, or what the model has positions for
   */
  readonly maxLength?: number;
  /** A tokenizer loaded before; otherwise the model's own is. */
  readonly tokenizer?: TextTokenizer;
}

/**
 * Loads a BERT or DistilBERT checkpoint for sequence classification.
 *
 * @param model - "auto", "embedded", a folder, a name on the Hub, or what `resolveModel` found
 * @throws TsloraError when the model is not found, is of another architecture, or its weights are not whole.
 */
export async function loadClassifier(model: string | ResolvedModel, options: LoadClassifierOptions = {}): Promise<SequenceClassifier> {
  const { seed = 42 } = options;
  const origin = typeof model === "string" ? await resolveModel(model) : model;
  const config = await readEncoderConfig(origin.directory);
  const labels = options.labels ?? config.id2label ?? ["NEGATIVE", "POSITIVE"];
  const maxLength = options.maxLength ?? Math.min(512, config.maxPositionEmbeddings);
  const problems = new Problems("loadClassifier");
  const problemType = chosenProblemType(options.problemType, { config, problems });
  problems.expect(Number.isInteger(seed), `seed is to be a whole number; ${String(seed)} came`);
  problems.expect(labels.length >= 2 && new Set(labels).size === labels.length, `labels are to be at least two different names; ${JSON.stringify(labels)} came`);
  problems.expect(Number.isInteger(maxLength) && maxLength >= 2 && maxLength <= config.maxPositionEmbeddings, `maxLength is to be a whole number from 2 to ${config.maxPositionEmbeddings}, the model's positions; ${String(maxLength)} came`);
  problems.expect((options.tokenizer?.maxLength ?? 0) <= config.maxPositionEmbeddings, `the tokenizer cuts texts to ${options.tokenizer?.maxLength ?? 0} tokens, and the model has ${config.maxPositionEmbeddings} positions`);
  problems.throwIfAny();
  const tokenizer = options.tokenizer ?? (await loadTokenizer(origin.directory, { maxLength }));
  const { model: loaded, newlyInitialized } = await loadClassificationModel(origin.directory, { ops: sharedOps(), numLabels: labels.length, seed });
  return new SequenceClassifier({ model: loaded, tokenizer, labels, problemType, origin, newlyInitialized, seed });
}

function chosenProblemType(given: ProblemType | undefined, { config, problems }: { config: EncoderConfig; problems: Problems }): ProblemType {
  const type: string = given ?? config.problemType ?? "single_label_classification";
  if (type === "single_label_classification" || type === "multi_label_classification") return type;
  const source = given === undefined ? `the checkpoint's problem_type is ${JSON.stringify(type)}. Give the option to use it all the same` : `${JSON.stringify(type)} came`;
  problems.expect(false, `problemType is to be "single_label_classification" or "multi_label_classification"; ${source}`);
  return "single_label_classification";
}
