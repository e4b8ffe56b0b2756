import { basename, dirname, join, resolve } from "node:path";

import { cellSignal } from "../../base/cell-signal";
import { expandHome } from "../../base/files/expand-home";
import { TsloraError } from "../../base/tslora-error";
import { loadClassifier } from "../../classifier/load-classifier";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { ONNX_FILES } from "../export-onnx";
import { loadOnnxClassifier } from "../onnx-classifier";
import { findPython, pythonLogits } from "./python-runtime";
import { rowsOf, type RuntimeLogits } from "./runtime-logits";

/** Folders of one classifier in its saved forms, for {@link compareRuntimes}. */
export interface RuntimeFolders {
  /** The adapter, as `saveAdapter` writes it. */
  readonly adapter: string;
  /** The merged model, as `saveModel` writes it. */
  readonly merged: string;
  /** The exported model, as `exportOnnx` with `quantize: "int8"` writes it. */
  readonly onnx: string;
  /**
   * A Python with torch, transformers and peft.
   * @default the one of TSLORA_REFERENCE_PYTHON or of `npm run setup -- reference`
   */
  readonly python?: string;
  readonly signal?: AbortSignal;
}

/** Logits of the same texts in every runtime, and notices about those that are missing. */
export interface RuntimeComparison {
  readonly labels: readonly string[];
  /** The first one is tslora with the adapter. */
  readonly runtimes: readonly RuntimeLogits[];
  readonly notices: readonly string[];
}

/**
 * Loads an adapter, its merged model and its exported model again, and computes the logits of the same texts in every
 * runtime, one text at a time: tslora, onnxruntime-node, @xenova/transformers, and Python's transformers with peft.
 *
 * @param classifier - with the active adapter that was saved
 * @param texts - at most as long as the classifier reads: @xenova/transformers truncates without the last special token
 * @throws TsloraError `bad-input` for a text that would be cut, and the errors of loading.
 */
export async function compareRuntimes(
  classifier: SequenceClassifier,
  texts: readonly string[],
  folders: RuntimeFolders,
): Promise<RuntimeComparison> {
  const { signal = cellSignal() } = folders;
  const [adapter, merged, onnx] = [folders.adapter, folders.merged, folders.onnx].map((path) =>
    resolve(expandHome(path)),
  );
  const { labels, tokenizer, origin } = classifier;
  if (tokenizer.encode(texts).some(({ truncated }) => truncated))
    throw new TsloraError("bad-input", `compareRuntimes: texts must have at most ${tokenizer.maxLength} tokens.`);
  const oneByOne = async (
    runtime: string,
    source: { predictLogits(texts: readonly string[]): Promise<Float32Array> },
  ): Promise<RuntimeLogits> => {
    const logits: number[][] = [];
    for (const text of texts) {
      signal?.throwIfAborted();
      logits.push(...rowsOf(await source.predictLogits([text]), labels.length));
    }
    return { runtime, logits };
  };
  const again = await loadClassifier(merged, { maxLength: tokenizer.maxLength });
  const runtimes = [
    await oneByOne("tslora, adapter", classifier),
    await oneByOne("tslora, merged", again).finally(() => again.dispose()),
    await oneByOne("onnxruntime-node", await loadOnnxClassifier(onnx)),
    await oneByOne("onnxruntime-node, int8", await loadOnnxClassifier(onnx, { weights: "int8" })),
    await transformersJs(onnx, texts),
  ];
  const python = findPython(folders.python);
  if (python.kind === "none") return { labels, runtimes, notices: [`Python is left out: ${python.reason}.`] };
  const { maxLength } = tokenizer;
  const request = { base: origin.directory, adapter, onnx: join(onnx, ONNX_FILES.float32), texts, maxLength };
  const found = await pythonLogits(python.path, { ...request, labels: labels.length }, { signal });
  const notices = found.length > 1 ? [] : ["Python's onnxruntime is left out: this Python does not have it."];
  return { labels, runtimes: [...runtimes, ...found], notices };
}

/** The parts of a pipeline of transformers.js that give logits. */
interface TextPipeline {
  tokenizer(texts: string[], options: { padding: boolean; truncation: boolean }): unknown;
  model(inputs: unknown): Promise<{ logits: { data: Float32Array; dims: number[] } }>;
}

/** Logits of an exported folder in @xenova/transformers' pipeline. */
async function transformersJs(folder: string, texts: readonly string[]): Promise<RuntimeLogits> {
  const { env: settings, pipeline } = await import("@xenova/transformers");
  const env = settings as { allowRemoteModels: boolean; localModelPath: string };
  const kept = { allowRemoteModels: env.allowRemoteModels, localModelPath: env.localModelPath };
  Object.assign(env, { allowRemoteModels: false, localModelPath: dirname(folder) });
  try {
    const classify = (await pipeline("text-classification", basename(folder), {
      quantized: false,
    })) as unknown as TextPipeline;
    const rows: number[][] = [];
    for (const text of texts) {
      const { logits } = await classify.model(classify.tokenizer([text], { padding: true, truncation: true }));
      rows.push(...rowsOf(logits.data, logits.dims[1]));
    }
    return { runtime: "@xenova/transformers", logits: rows };
  } finally {
    Object.assign(env, kept);
  }
}
