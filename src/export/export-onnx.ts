import { join } from "node:path";

import { cellSignal } from "../base/cell-signal";
import { expandHome } from "../base/files/expand-home";
import { writeAtomically } from "../base/files/write-atomically";
import { lockFolder } from "../base/lock/lock-output";
import { Problems } from "../base/problems";
import { shownPath } from "../base/shown-path";
import { shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import { copyTokenizerFiles } from "../classifier/copy-tokenizer-files";
import { readModelConfig, saveModelConfig } from "../classifier/save-model-folder";
import type { SequenceClassifier } from "../classifier/sequence-classifier";
import { exportedTokenizer } from "../tokenizer/exported-tokenizer";
import { encoderGraph } from "./onnx/encoder-graph";
import type { ExportedWeight } from "./onnx/graph-weights";
import type { Quantization } from "./onnx/quantize";
import { writeModel } from "./onnx/write-model";
import { checkExportFolder, inStaging, type StagedFile } from "./export-folder";

/** Options of {@link exportOnnx}: 8-bit weights, and a folder that exists. */
export interface ExportOnnxOptions {
  /**
   * Also writes `onnx/model_quantized.onnx`, with 8-bit weights. "int8" computes faster, with integer products: the
   * inputs of linear layers are rounded, too. "int8-weights" computes products in 32 bits: it is closer to the full
   * model, and its logits are the same in every runtime.
   * @default undefined: only 32-bit floats
   */
  readonly quantize?: "int8" | "int8-weights";
  /**
   * Allows a folder that holds files. Files of the same name are overwritten, and ONNX files of an earlier export
   * removed.
   * @default false
   */
  readonly overwriteOutputDir?: boolean;
  /**
   * Stops the export; the folder then stays as it was.
   * @default the running cell's interrupt, in a notebook
   */
  readonly signal?: AbortSignal;
  /** Weights with more bytes in all go to a second file. @default 2 GiB less 16 MiB @internal */
  readonly mostBytes?: number;
}

/** An exported model. */
export interface OnnxExport {
  readonly directory: string;
  /** Every file, relative to the folder, with its size. */
  readonly files: readonly StagedFile[];
  /** Names of the model's inputs. */
  readonly inputs: readonly string[];
}

/** The model's file in a folder as transformers.js expects it. */
export const ONNX_FILES = { float32: join("onnx", "model.onnx"), int8: join("onnx", "model_quantized.onnx") } as const;

/**
 * Exports a classifier as ONNX, in the layout of transformers.js: `onnx/model.onnx`, config.json with the labels, and
 * the tokenizer as tokenizer.json and tokenizer_config.json. onnxruntime reads it in Node, browsers and Python. The
 * active adapter is merged into the exported weights; the classifier itself does not change. Inputs are `input_ids`,
 * `attention_mask` and, for types that have them, `token_type_ids`, int64 [batch, length]; the output is `logits`
 * [batch, labels]. Weights above 2 GB are written to `onnx/model.onnx_data`. The folder changes only once all files are
 * written.
 *
 * @throws TsloraError `bad-option` for an unknown option or a folder that holds files, `bad-input` if the adapter
 *   cannot be merged, a newly initialized weight is not trained or a weight is not finite, `not-saved` if a file cannot
 *   be written, `aborted` if `signal` stopped it.
 */
export async function exportOnnx(
  classifier: SequenceClassifier,
  directory: string,
  options: ExportOnnxOptions = {},
): Promise<OnnxExport> {
  const { quantize, overwriteOutputDir = false, mostBytes, signal = cellSignal() } = options;
  const folder = expandHome(directory);
  const problems = new Problems("exportOnnx");
  problems.expect(
    quantize === undefined || ["int8", "int8-weights"].includes(quantize),
    `quantize must be "int8", "int8-weights" or left out; got ${shownValue(quantize)}`,
  );
  checkExportFolder(problems, folder, { overwrite: overwriteOutputDir, sources: [classifier.origin.directory] });
  problems.throwIfAny();
  const lock = lockFolder(folder, { purpose: "export" });
  try {
    return await withMergedAdapter(classifier, async () => {
      const weights = weightsOf(classifier);
      const { config, numLabels } = classifier.model;
      const graphOf = (kind: Quantization) => encoderGraph({ config, numLabels, weights, quantize: kind });
      const whole = graphOf("none");
      const files = await inStaging(folder, async (staging) => {
        const writing = { mostBytes, signal };
        await writeModel(join(staging, ONNX_FILES.float32), whole, writing);
        if (quantize !== undefined) await writeModel(join(staging, ONNX_FILES.int8), graphOf(quantize), writing);
        await saveTokenizer(classifier, staging);
        await saveConfig(classifier, staging);
        signal?.throwIfAborted();
      });
      return { directory: folder, files, inputs: whole.inputs.map(({ name }) => name) };
    });
  } catch (error) {
    throw signal?.aborted === true ? stopped(folder, error) : error;
  } finally {
    lock.release();
  }
}

function stopped(folder: string, cause: unknown): TsloraError {
  return new TsloraError("aborted", `The export was stopped; ${shownPath(folder)} is as it was.`, { cause });
}

/** Merges the active adapter, if there is one, for the time of a call. */
async function withMergedAdapter<T>(classifier: SequenceClassifier, call: () => Promise<T>): Promise<T> {
  if (classifier.adapterState !== "active") return call();
  await classifier.mergeAdapter();
  try {
    return await call();
  } finally {
    classifier.unmergeAdapter();
  }
}

function weightsOf(classifier: SequenceClassifier): ExportedWeight[] {
  const inUse = classifier.checkedWeightsInUse("exportOnnx");
  return classifier.model
    .parameters()
    .map((own) => ({ name: own.name, shape: own.shape, read: () => inUse(own).read() }));
}

async function saveTokenizer({ origin, tokenizer }: SequenceClassifier, directory: string): Promise<void> {
  const { json, config } = await exportedTokenizer(origin.directory, { maxLength: tokenizer.maxLength });
  await copyTokenizerFiles(origin.directory, directory);
  if (json !== undefined) await writeAtomically(join(directory, "tokenizer.json"), JSON.stringify(json));
  await writeAtomically(join(directory, "tokenizer_config.json"), `${JSON.stringify(config, undefined, 2)}\n`);
}

async function saveConfig(classifier: SequenceClassifier, directory: string): Promise<void> {
  const { labels, problemType, takesPairs, model, origin } = classifier;
  const original = await readModelConfig(origin.directory);
  await saveModelConfig(original, { directory, modelType: model.config.modelType, labels, problemType, takesPairs });
}
