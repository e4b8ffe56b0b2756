import { join } from "node:path";

import { isMissingFile } from "../base/files/open-regular-file";
import { readJsonObject } from "../base/files/parse-json-file";
import { Problems } from "../base/problems";
import { shownPath } from "../base/shown-path";
import { shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import { architectureOf } from "./architectures/index";
import { ConfigFields } from "./architectures/config-fields";
import type { EncoderConfig } from "./encoder-structure";

export type { EncoderConfig, ProblemType } from "./encoder-structure";

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
  const architecture = architectureOf(json.model_type, where);
  const problems = new Problems(where);
  const fields = new ConfigFields(json, problems);
  const sizes = architecture.sizes(fields);
  const structure = architecture.structure(fields, sizes);
  const { positions } = structure;
  const first = positions.kind === "learned" && positions.countedFrom !== undefined ? positions.countedFrom + 1 : 0;
  const config: EncoderConfig = {
    modelType: architecture.modelType,
    ...sizes,
    embeddingSize: sizes.embeddingSize ?? sizes.hiddenSize,
    maxTokens: sizes.maxPositionEmbeddings - first,
    structure,
    id2label: labelNames(json.id2label, problems),
    problemType: (json.problem_type ?? undefined) as EncoderConfig["problemType"],
    ...(json.text_pair === true ? { textPair: true as const } : {}),
  };
  checkFields(config, fields);
  problems.throwIfAny("bad-input");
  return config;
}

/** Checks fields that all types have, and combinations of fields. */
function checkFields(config: EncoderConfig, { json, problems }: ConfigFields): void {
  const kinds = ["single_label_classification", "multi_label_classification", "regression"];
  problems.expect(
    config.problemType === undefined || kinds.includes(config.problemType),
    `"problem_type" must be null or one of ${kinds.join(", ")}; got ${shownValue(config.problemType)}`,
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
