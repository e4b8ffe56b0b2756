import { join } from "node:path";

import { isMissingFile } from "../base/files/open-regular-file";
import { readJsonObject } from "../base/files/parse-json-file";
import { Problems } from "../base/problems";
import { shownPath } from "../base/shown-path";
import { shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";

/** The architectures that can be read. */
export type ModelType = (typeof MODEL_TYPES)[number];

/**
 * Largest value of any size: what a 32-bit index can count. Sizes are compared with the weights when those are opened.
 */
const LARGEST_SIZE = 2 ** 31 - 1;

const MODEL_TYPES = ["bert", "distilbert", "roberta"] as const;

/**
 * The task of a head, under transformers' names: exactly one class (softmax of a row), or any number of classes
 * (sigmoid of each score).
 */
export type ProblemType = "single_label_classification" | "multi_label_classification";

/** An encoder's sizes and rates: the values of `config.json` under one set of names (BERT's, in camelCase). */
export interface EncoderConfig {
  readonly modelType: ModelType;
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly intermediateSize: number;
  readonly maxPositionEmbeddings: number;
  /** The pad token's id: PyTorch never trains its embedding, and RoBERTa counts positions from it. */
  readonly padTokenId: number | undefined;
  /**
   * Most tokens of a text: the number of positions. In RoBERTa positions up to the pad token's id do not count, since
   * texts begin after it.
   */
  readonly maxTokens: number;
  /** 0 if there are no token types (DistilBERT). */
  readonly typeVocabSize: number;
  readonly hiddenAct: "gelu" | "relu";
  readonly layerNormEps: number;
  /** Dropout after the embeddings, the feed-forward block and, in BERT, the attention's output. */
  readonly hiddenDropout: number;
  /** Dropout on the attention weights. */
  readonly attentionDropout: number;
  /** Dropout before the classifier. */
  readonly classifierDropout: number;
  /** Standard deviation of new weights. */
  readonly initializerRange: number;
  /** Label names by class, if the checkpoint names them. */
  readonly id2label?: readonly string[];
  /** Problem type of the checkpoint's head, if config.json names one. */
  readonly problemType?: ProblemType | "regression";
}

/**
 * Reads and checks the `config.json` of a Hugging Face folder.
 *
 * @throws TsloraError `not-found`, `bad-input` or `unsupported`, naming the file and every field at fault.
 */
export async function readEncoderConfig(directory: string): Promise<EncoderConfig> {
  const path = join(directory, "config.json");
  try {
    return parseEncoderConfig(await readJsonObject(path), shownPath(path));
  } catch (error) {
    if (!isMissingFile(error)) throw error;
    throw new TsloraError(
      "not-found",
      `A Hugging Face model folder holds config.json, but ${shownPath(path)} cannot be read. Is this the folder of a model?`,
      { cause: error },
    );
  }
}

/** Checks the content of a `config.json`; `where` names it in the error. */
export function parseEncoderConfig(json: Record<string, unknown>, where: string): EncoderConfig {
  const modelType = MODEL_TYPES.find((type) => type === json.model_type);
  if (modelType === undefined) {
    const known = MODEL_TYPES.map((type) => `"${type}"`).join(", ");
    throw new TsloraError(
      "unsupported",
      `${where}: model_type is ${shownValue(json.model_type)}; tslora reads ${known}. Choose a model of one of these types.`,
      { details: { modelType: json.model_type } },
    );
  }
  const problems = new Problems(where);
  const config = readFields(json, { modelType, problems });
  checkFields(config, { json, problems });
  problems.throwIfAny("bad-input");
  return config;
}

function readFields(
  json: Record<string, unknown>,
  { modelType, problems }: { modelType: ModelType; problems: Problems },
): EncoderConfig {
  /** A value, or the default if the key is missing. As in transformers, null does not stand for the default. */
  const given = (name: string, fallback: unknown): unknown => (json[name] === undefined ? fallback : json[name]);
  const count = (name: string, fallback?: number): number => {
    const value = given(name, fallback);
    problems.expect(
      typeof value === "number" && Number.isInteger(value) && value > 0 && value <= LARGEST_SIZE,
      `"${name}" must be a whole number from 1 to ${LARGEST_SIZE}; got ${shownValue(value)}`,
    );
    return value as number;
  };
  const rate = (name: string, fallback: number): number => {
    const value = given(name, fallback);
    problems.expect(
      typeof value === "number" && value >= 0 && value < 1,
      `"${name}" must be a number in [0, 1); got ${shownValue(value)}`,
    );
    return value as number;
  };
  const distil = modelType === "distilbert";
  const maxPositionEmbeddings = count("max_position_embeddings", 512);
  const padTokenId = padToken(json.pad_token_id, { modelType, problems });
  return {
    modelType,
    vocabSize: count("vocab_size"),
    hiddenSize: count(distil ? "dim" : "hidden_size"),
    numHiddenLayers: count(distil ? "n_layers" : "num_hidden_layers"),
    numAttentionHeads: count(distil ? "n_heads" : "num_attention_heads"),
    intermediateSize: count(distil ? "hidden_dim" : "intermediate_size"),
    maxPositionEmbeddings,
    padTokenId,
    maxTokens: modelType === "roberta" ? maxPositionEmbeddings - (padTokenId ?? 1) - 1 : maxPositionEmbeddings,
    typeVocabSize: distil ? 0 : count("type_vocab_size", 2),
    hiddenAct: given(distil ? "activation" : "hidden_act", "gelu") as EncoderConfig["hiddenAct"],
    layerNormEps: distil ? 1e-12 : (given("layer_norm_eps", 1e-12) as number),
    hiddenDropout: rate(distil ? "dropout" : "hidden_dropout_prob", 0.1),
    attentionDropout: rate(distil ? "attention_dropout" : "attention_probs_dropout_prob", 0.1),
    classifierDropout: distil
      ? rate("seq_classif_dropout", 0.2)
      : rate((json.classifier_dropout ?? null) === null ? "hidden_dropout_prob" : "classifier_dropout", 0.1),
    initializerRange: given("initializer_range", 0.02) as number,
    id2label: labelNames(json.id2label, problems),
    problemType: (json.problem_type ?? undefined) as EncoderConfig["problemType"],
  };
}

/** Checks the fields other than sizes and rates, and combinations of fields. */
function checkFields(
  config: EncoderConfig,
  { json, problems }: { json: Record<string, unknown>; problems: Problems },
): void {
  const kinds = ["single_label_classification", "multi_label_classification", "regression"];
  problems.expect(
    config.problemType === undefined || kinds.includes(config.problemType),
    `"problem_type" must be null or one of ${kinds.join(", ")}; got ${shownValue(config.problemType)}`,
  );
  problems.expect(
    config.hiddenAct === "gelu" || config.hiddenAct === "relu",
    `the activation must be "gelu" or "relu"; got ${shownValue(config.hiddenAct)}`,
  );
  problems.expect(
    typeof config.layerNormEps === "number" && config.layerNormEps > 0 && config.layerNormEps < 1,
    `"layer_norm_eps" must be a number above 0 and below 1; got ${shownValue(config.layerNormEps)}`,
  );
  problems.expect(
    typeof config.initializerRange === "number" && config.initializerRange > 0 && config.initializerRange <= 100,
    `"initializer_range" must be a number above 0, at most 100; got ${shownValue(config.initializerRange)}`,
  );
  problems.expect(
    config.padTokenId === undefined || config.padTokenId < config.vocabSize,
    `"pad_token_id" must be below "vocab_size", ${config.vocabSize}; got ${config.padTokenId ?? ""}`,
  );
  problems.expect(
    config.maxTokens >= 2,
    `"max_position_embeddings" must leave positions for two tokens; got ${config.maxPositionEmbeddings}`,
  );
  for (const name of ["is_decoder", "add_cross_attention"])
    problems.expect((json[name] ?? false) === false, `"${name}" must be false; got ${shownValue(json[name])}`);
  problems.expect(
    config.hiddenSize % config.numAttentionHeads === 0,
    `the width ${config.hiddenSize} must be a multiple of the ${config.numAttentionHeads} heads`,
  );
  const position = json.position_embedding_type ?? "absolute";
  problems.expect(position === "absolute", `"position_embedding_type" must be "absolute"; got ${shownValue(position)}`);
}

function padToken(
  value: unknown,
  { modelType, problems }: { modelType: ModelType; problems: Problems },
): number | undefined {
  if (value === null && modelType !== "roberta") return undefined;
  const id = value ?? (modelType === "roberta" ? 1 : 0);
  problems.expect(
    value !== null && typeof id === "number" && Number.isInteger(id) && id >= 0,
    `"pad_token_id" must be a whole number from 0; got ${shownValue(value)}`,
  );
  return id as number;
}

function labelNames(value: unknown, problems: Problems): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  const entries = Object.entries(value).sort(([a], [b]) => Number(a) - Number(b));
  const whole =
    typeof value === "object" &&
    !Array.isArray(value) &&
    entries.length > 0 &&
    entries.every(([id, name], i) => Number(id) === i && typeof name === "string");
  problems.expect(whole, `"id2label" must name the classes from 0 on, each by a text; got ${shownValue(value)}`);
  return entries.map(([, name]) => String(name));
}
