import { cp, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";

import { cellSignal } from "../../base/cell-signal";
import { expandHome } from "../../base/files/expand-home";
import { writeAtomically } from "../../base/files/write-atomically";
import { lockFolder } from "../../base/lock/lock-output";
import { Problems } from "../../base/problems";
import { shownPath } from "../../base/shown-path";
import { shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { checkExportFolder, inStaging, type StagedFile } from "../export-folder";
import { exportOnnx, ONNX_FILES } from "../export-onnx";
import { bundleScripts, runtimeFile } from "./bundle-scripts";
import type { PageFacts, PageThreshold } from "./page-facts";
import { PAGE_HTML } from "./page-html";
import { PAGE_STYLE } from "./page-style";
import { readTestScores } from "./test-scores";

/** Options of {@link writePage}. */
export interface WritePageOptions {
  /**
   * The page's title.
   * @default "Text classifier"
   */
  readonly title?: string;
  /**
   * "int8": 8-bit weights, which are a quarter of the download; products are computed in 32 bits, in WebAssembly.
   * "float32": the exact weights, with WebGPU if the browser has it.
   * @default "int8"
   */
  readonly weights?: "int8" | "float32";
  /**
   * The folder of the adapter or the model, for the test scores of its run (`results.json` there or one folder above).
   * @default the model's folder; with an adapter in use, or weights that changed after loading: none, and no threshold
   */
  readonly run?: string;
  /**
   * Allows a folder that holds files. Files of the same name are overwritten.
   * @default false
   */
  readonly overwriteOutputDir?: boolean;
  /**
   * Stops the writing; the folder then stays as it was.
   * @default the running cell's interrupt, in a notebook
   */
  readonly signal?: AbortSignal;
}

/** A written page. */
export interface WrittenPage {
  readonly directory: string;
  /** Every file, relative to the folder, with its size. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** Bytes that a visitor's browser loads. */
  readonly bytes: number;
  /** Whether the page has a threshold slider, or why it has none. */
  readonly threshold:
    { readonly kind: "scores"; readonly texts: number } | { readonly kind: "none"; readonly reason: string };
}

/**
 * Writes a page that runs a classifier in the browser: static files for any file server. They load nothing from other
 * sites and send no text anywhere. The active adapter is merged into the page's model; the classifier itself does not
 * change. The folder changes only once all files are written.
 *
 * @throws TsloraError `bad-option` for an unknown option or a folder that holds files, `unsupported` for a classifier
 *   of pairs of texts, `not-saved`, `aborted`, and the errors of {@link exportOnnx}.
 */
export async function writePage(
  classifier: SequenceClassifier,
  directory: string,
  options: WritePageOptions = {},
): Promise<WrittenPage> {
  const { title = "Text classifier", weights = "int8", run = folderOfOwnScores(classifier) } = options;
  const { overwriteOutputDir = false, signal = cellSignal() } = options;
  const folder = expandHome(directory);
  const problems = new Problems("writePage");
  problems.expect(
    ["int8", "float32"].includes(weights),
    `weights must be "int8" or "float32"; got ${shownValue(weights)}`,
  );
  problems.expect(
    typeof title === "string" && title.trim() !== "" && title.length <= 200,
    `title must be a text of 1 to 200 characters; got ${shownValue(title)}`,
  );
  const sources = [classifier.origin.directory, ...(run === undefined ? [] : [run])];
  checkExportFolder(problems, folder, { overwrite: overwriteOutputDir, sources });
  problems.throwIfAny();
  if (classifier.takesPairs)
    throw new TsloraError("unsupported", "writePage: the classifier must take single texts; it was trained on pairs.");
  const threshold = await readTestScores(run, classifier);
  const lock = lockFolder(folder, { purpose: "page" });
  try {
    let facts: PageFacts | undefined;
    const files = await inStaging(
      folder,
      async (staging) => {
        await exportModel(classifier, staging, { weights, signal });
        const runtime = weights === "int8" ? "wasm" : "webgpu";
        await writeSite(staging, { runtime });
        facts = await writeFacts(classifier, staging, { title: title.trim(), weights, threshold });
        await writeAtomically(join(staging, "index.html"), PAGE_HTML);
        signal?.throwIfAborted();
      },
      { last: "index.html", onnx: join("model", "onnx") },
    );
    return written(folder, files, { threshold, bytes: facts?.bytes.all ?? 0 });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    const message = `Writing the page was stopped; ${shownPath(folder)} is as it was.`;
    throw new TsloraError("aborted", message, { cause: error });
  } finally {
    lock.release();
  }
}

/**
 * The model's folder if its test scores are those of the weights in use, which neither an adapter nor training changed.
 * An adapter does not know its folder.
 */
function folderOfOwnScores({ adapterState, model, origin }: SequenceClassifier): string | undefined {
  const isChanged = model.parameters().some(({ version }) => version > 0);
  return adapterState === "active" || adapterState === "merged" || isChanged ? undefined : origin.directory;
}

/** Files that the tokenizer reads in the browser; each export has tokenizer.json. */
const PAGE_TOKENIZER = /^(tokenizer(_config)?|config|special_tokens_map)\.json$/;

/** Exports the model into the site, with only the weights that the page uses. */
async function exportModel(
  classifier: SequenceClassifier,
  staging: string,
  { weights, signal }: { weights: "int8" | "float32"; signal: AbortSignal | undefined },
): Promise<void> {
  const model = join(staging, "model");
  await exportOnnx(classifier, model, { ...(weights === "int8" ? { quantize: "int8-weights" as const } : {}), signal });
  const files = await readdir(join(model, "onnx"));
  const kept = basename(ONNX_FILES[weights]);
  for (const file of files) if (file !== kept) await rm(join(model, "onnx", file));
  for (const file of await readdir(model))
    if (!PAGE_TOKENIZER.test(file) && file !== "onnx") await rm(join(model, file));
  if (!files.includes(kept) || files.includes(`${kept}_data`))
    throw new TsloraError("unsupported", "writePage: the model must be smaller than 2 GB; a browser cannot hold it.");
}

/** Writes the scripts, the style sheet and the runtime. */
async function writeSite(staging: string, { runtime }: { runtime: "wasm" | "webgpu" }): Promise<void> {
  const { scripts, licences } = await bundleScripts({ runtime });
  for (const { name, text } of scripts) await writeAtomically(join(staging, name), text);
  await writeAtomically(join(staging, "style.css"), PAGE_STYLE);
  await writeAtomically(join(staging, "licences.txt"), licences);
  await mkdir(join(staging, "runtime"));
  const source = runtimeFile(runtime);
  const copy = join(staging, "runtime", basename(source));
  await cp(source, `${copy}.part`);
  await rename(`${copy}.part`, copy);
}

/** Describes the site in page.json. */
async function writeFacts(
  classifier: SequenceClassifier,
  staging: string,
  { title, weights, threshold }: { title: string; weights: "int8" | "float32"; threshold: PageThreshold },
): Promise<PageFacts> {
  const { labels, problemType, model, tokenizer, origin } = classifier;
  const sizeOf = async (path: string): Promise<number> => (await stat(join(staging, path))).size;
  const modelFile = `model/${ONNX_FILES[weights].replaceAll("\\", "/")}`;
  const [runtimeName = ""] = await readdir(join(staging, "runtime"));
  const tokenizerFiles = (await readdir(join(staging, "model"))).filter((name) => PAGE_TOKENIZER.test(name));
  const loaded = [
    "page.js",
    "worker.js",
    "style.css",
    modelFile,
    `runtime/${runtimeName}`,
    ...tokenizerFiles.map((name) => `model/${name}`),
  ];
  let all = Buffer.byteLength(PAGE_HTML);
  for (const path of loaded) all += await sizeOf(path);
  const facts: PageFacts = {
    title,
    model: basename(origin.id),
    labels,
    problemType: problemType === "multi_label_classification" ? problemType : "single_label_classification",
    maxLength: tokenizer.maxLength,
    weights,
    tokenizerFiles,
    modelFile,
    runtimeFile: `runtime/${runtimeName}`,
    padTokenId: model.config.padTokenId ?? 0,
    bytes: { all, model: await sizeOf(modelFile), runtime: await sizeOf(`runtime/${runtimeName}`) },
    threshold,
  };
  await writeAtomically(join(staging, "page.json"), JSON.stringify(facts));
  return facts;
}

function written(
  directory: string,
  files: readonly StagedFile[],
  { threshold, bytes }: { threshold: PageThreshold; bytes: number },
): WrittenPage {
  return {
    directory,
    files,
    bytes,
    threshold: threshold.kind === "none" ? threshold : { kind: "scores", texts: threshold.test.scores.length },
  };
}
