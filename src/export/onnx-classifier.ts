import type { InferenceSession, Tensor } from "onnxruntime-node";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { expandHome } from "../base/files/expand-home";
import { readJsonObject } from "../base/files/parse-json-file";
import { shownPath } from "../base/shown-path";
import type { TextInput } from "../base/text-input";
import { TsloraError } from "../base/tslora-error";
import { encodeTexts, expectPairs, type TextTokenizer } from "../classifier/encode-texts";
import { DEFAULT_TOKENS_PER_PASS, expectTokensPerPass, type PredictOptions } from "../classifier/predict-options";
import { readEncoderConfig, type EncoderConfig, type ProblemType } from "../model/encoder-config";
import type { TokenDocument } from "../model/parts/packed-batch";
import { loadTokenizer } from "../tokenizer/load-tokenizer";
import { ONNX_FILES } from "./export-onnx";

/** Options of {@link loadOnnxClassifier}: which of a folder's models to load. */
export interface LoadOnnxOptions {
  /** "float32" for `onnx/model.onnx`, "int8" for `onnx/model_quantized.onnx`. @default "float32" */
  readonly weights?: keyof typeof ONNX_FILES;
}

/** An exported classifier in onnxruntime: `predict`, `evaluate` and `evaluateMultiLabel` take it. */
export class OnnxClassifier {
  readonly labels: readonly string[];
  readonly problemType: ProblemType;
  readonly #parts: OnnxParts;

  constructor(parts: OnnxParts) {
    const { config, labels } = parts;
    this.labels = labels;
    this.problemType =
      config.problemType === "multi_label_classification" ? config.problemType : "single_label_classification";
    this.#parts = parts;
  }

  /**
   * Predicts the logits of texts, or of pairs of texts: [texts, labels]. Texts of similar length are padded and share a
   * batch.
   */
  async predictLogits(texts: readonly TextInput[], options: PredictOptions = {}): Promise<Float32Array> {
    const { tokenizer, config, directory } = this.#parts;
    if (config.textPair === true) expectPairs(texts);
    const { typeVocabSize } = config;
    return this.predictDocuments(encodeTexts(texts, { tokenizer, typeVocabSize, model: directory }), options);
  }

  /** Predicts the logits of texts that are already tokenized: [texts, labels]. */
  async predictDocuments(documents: readonly TokenDocument[], options: PredictOptions = {}): Promise<Float32Array> {
    const { maxTokensPerPass = DEFAULT_TOKENS_PER_PASS, onProgress, signal } = options;
    expectTokensPerPass(maxTokensPerPass);
    const width = this.labels.length;
    const logits = new Float32Array(documents.length * width);
    const byLength = documents.map((_, index) => index).sort((a, b) => lengthOf(documents[b]) - lengthOf(documents[a]));
    for (let done = 0; done < byLength.length;) {
      signal?.throwIfAborted();
      const longest = lengthOf(documents[byLength[done]]);
      const part = byLength.slice(done, done + Math.max(1, Math.floor(maxTokensPerPass / longest)));
      const found = await this.#run(part.map((index) => documents[index]));
      part.forEach((index, row) => logits.set(found.subarray(row * width, (row + 1) * width), index * width));
      done += part.length;
      onProgress?.(done, byLength.length);
    }
    return logits;
  }

  async #run(documents: readonly TokenDocument[]): Promise<Float32Array> {
    const { session, config, makeTensor } = this.#parts;
    const longest = documents.reduce((most, document) => Math.max(most, lengthOf(document)), 0);
    const padded = (valueOf: (document: TokenDocument, at: number) => number): Tensor => {
      const values = new BigInt64Array(documents.length * longest);
      documents.forEach((document, row) => {
        for (let at = 0; at < longest; at++) values[row * longest + at] = BigInt(valueOf(document, at));
      });
      return makeTensor(values, [documents.length, longest]);
    };
    const inputs: Record<string, () => Tensor> = {
      input_ids: () => padded(({ ids }, at) => ids[at] ?? config.padTokenId ?? 0),
      attention_mask: () => padded(({ ids }, at) => Number(at < ids.length)),
      token_type_ids: () => padded(({ types }, at) => types?.[at] ?? 0),
    };
    const { logits } = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, inputs[name]()])));
    return logits.data as Float32Array;
  }
}

interface OnnxParts {
  readonly directory: string;
  readonly session: InferenceSession;
  readonly makeTensor: (values: BigInt64Array, shape: readonly number[]) => Tensor;
  readonly tokenizer: TextTokenizer;
  readonly config: EncoderConfig;
  readonly labels: readonly string[];
}

function lengthOf({ ids }: TokenDocument): number {
  return ids.length;
}

/**
 * Loads a folder that `exportOnnx` wrote, on the processor.
 *
 * @throws TsloraError `not-found` if the folder lacks the model, `bad-input` if onnxruntime cannot read it.
 */
export async function loadOnnxClassifier(directory: string, options: LoadOnnxOptions = {}): Promise<OnnxClassifier> {
  const { weights = "float32" } = options;
  const folder = expandHome(directory);
  const path = join(folder, ONNX_FILES[weights]);
  if (!existsSync(path))
    throw new TsloraError(
      "not-found",
      `loadOnnxClassifier: ${shownPath(path)} is not there. Export the classifier with exportOnnx${weights === "int8" ? ' and quantize: "int8"' : ""}.`,
    );
  const config = await readEncoderConfig(folder);
  const { model_max_length: stated } = await readJsonObject(join(folder, "tokenizer_config.json"));
  const maxLength = typeof stated === "number" ? Math.min(stated, config.maxTokens) : config.maxTokens;
  const { default: runtime } = await import("onnxruntime-node");
  const session = await runtime.InferenceSession.create(path).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    throw new TsloraError("bad-input", `loadOnnxClassifier: ${shownPath(path)} cannot be read: ${message}`, {
      cause: error,
    });
  });
  return new OnnxClassifier({
    directory: folder,
    session,
    makeTensor: (values, shape) => new runtime.Tensor("int64", values, shape),
    tokenizer: await loadTokenizer(folder, { maxLength }),
    config,
    labels: config.id2label ?? [],
  });
}
