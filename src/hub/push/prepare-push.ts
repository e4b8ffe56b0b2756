import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { isAbsolute, join } from "node:path";

import { expandHome } from "../../base/files/expand-home";
import { readJsonObject } from "../../base/files/parse-json-file";
import { readFileBytes, readTextFile } from "../../base/files/read-text-file";
import { expectUnlocked } from "../../base/lock/lock-output";
import { Problems } from "../../base/problems";
import { shownPath } from "../../base/shown-path";
import { shownNames, shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import { missingHead } from "../../model/missing-head";
import { parseShardIndex } from "../../model/weights/shard-index";
import {
  ADAPTER_WEIGHTS,
  findWeights,
  MODEL_WEIGHTS,
  openWeights,
  type WeightFormat,
} from "../../model/weights/weight-files";
import { nameFault } from "../repo-name";
import { resolveModel } from "../resolve-model";
import { listFiles, type LocalFile } from "./list-files";
import { checkTarget, DEFAULT_MESSAGE, type PushTarget } from "./push-options";

/** Files that a push to the Hub would send. */
export interface PreparedPush {
  readonly repoId: string;
  /** The branch. */
  readonly revision: string;
  readonly createPr: boolean;
  readonly commitMessage: string;
  readonly kind: "adapter" | "model";
  readonly files: readonly { readonly path: string; readonly size: number }[];
  /** Paths in the folder that are left out since they do not belong into a repository; a folder ends with a slash. */
  readonly notSent: readonly string[];
  /** Sentences about files that readers of the repository will miss. */
  readonly notices: readonly string[];
}

/** A checked folder: the push, and its files on this machine. */
export interface CheckedFolder {
  readonly push: PreparedPush;
  readonly sources: readonly LocalFile[];
}

/**
 * A dry run of a push: lists the files that would be uploaded to the Hub, with their sizes in bytes. Sends nothing.
 *
 * @throws TsloraError `bad-option` for an invalid repoId, `bad-input` if the folder holds no complete adapter or model,
 *   if a link leads out of it, if a file is a pointer of Git LFS, or if the head is in neither the adapter nor its base
 *   (as far as the base is on this machine).
 */
export async function preparePush(target: PushTarget): Promise<PreparedPush> {
  return (await checkFolder(target, "preparePush")).push;
}

/** Checks target and folder of a push. @param called - the call, for messages */
export async function checkFolder(target: PushTarget, called: string): Promise<CheckedFolder> {
  const problems = new Problems(called);
  checkTarget(problems, target);
  problems.throwIfAny();
  const directory = expandHome(target.directory);
  await expectFolder(directory, called);
  expectUnlocked(directory);
  const { files, left } = await listFiles(directory);
  const names = files.map(({ path }) => path);
  const kind = await kindOf(directory, { names, left, called });
  await expectContents(files, { directory, called });
  await expectHead(directory, { kind, names, called });
  const push = {
    repoId: target.repoId,
    revision: target.revision ?? "main",
    createPr: target.createPr ?? false,
    commitMessage: target.commitMessage ?? DEFAULT_MESSAGE,
    kind,
    files: files.map(({ path, size }) => ({ path, size })),
    notSent: left,
    notices: await lacks(directory, { kind, names }),
  };
  return { push, sources: files };
}

async function expectFolder(directory: string, called: string): Promise<void> {
  await readdir(directory).catch((error: unknown) => {
    throw new TsloraError(
      "not-found",
      `${called}: the folder ${shownPath(directory)} cannot be read. Save the adapter or the model there first.`,
      { cause: error },
    );
  });
}

/** The kind of content of a folder. @throws TsloraError `bad-input` if it holds neither a complete adapter nor model */
async function kindOf(
  directory: string,
  { names, left, called }: { names: readonly string[]; left: readonly string[]; called: string },
): Promise<"adapter" | "model"> {
  const has = (name: string): boolean => names.includes(name);
  if (has("adapter_config.json") && ADAPTER_WEIGHTS.some(has)) return "adapter";
  if (!has("adapter_config.json") && has("config.json")) {
    const weights = findWeights(has);
    if (weights !== undefined && weights.file === weights.format.index)
      await expectShards(directory, { names, called, format: weights.format });
    if (weights !== undefined || names.some((name) => name.startsWith("onnx/"))) return "model";
  }
  const inner = ["adapter", "model"].filter((name) =>
    ["adapter_config.json", "config.json"].some((file) => existsSync(join(directory, name, file))),
  );
  const held = [...names, ...left];
  const advice = inner.length === 0 ? "" : ` Give ${inner.map((name) => join(directory, name)).join(" or ")}.`;
  const [adapter, model] = [ADAPTER_WEIGHTS, MODEL_WEIGHTS.map(({ whole }) => whole)].map((one) => one.join(" or "));
  throw new TsloraError(
    "bad-input",
    `${called}: ${shownPath(directory)} must hold adapter_config.json and ${adapter}, or config.json and ${model} (or its parts and their index); it holds ${held.length === 0 ? "nothing" : held.slice(0, 20).join(", ")}.${advice}`,
  );
}

async function expectShards(
  directory: string,
  { names, called, format }: { names: readonly string[]; called: string; format: WeightFormat },
): Promise<void> {
  const path = join(directory, format.index);
  const { shards } = parseShardIndex(await readTextFile(path), shownPath(path), format);
  const missing = shards.filter((shard) => !names.includes(shard));
  if (missing.length === 0) return;
  throw new TsloraError(
    "bad-input",
    `${called}: ${shownPath(directory)} lacks ${shownNames(missing)}, which ${format.index} names. Save the model again.`,
  );
}

/** Most bytes of a pointer of Git LFS, and its beginning. */
const POINTER = { bytes: 1024, start: "version https://git-lfs." } as const;

/** Refuses pointers of Git LFS, which a clone without its large files has in place of them. */
async function expectContents(
  files: readonly LocalFile[],
  { directory, called }: { directory: string; called: string },
): Promise<void> {
  const pointers: string[] = [];
  for (const { path, size, source } of files)
    if (size <= POINTER.bytes && (await readFileBytes(source)).toString("latin1").startsWith(POINTER.start))
      pointers.push(path);
  if (pointers.length === 0) return;
  throw new TsloraError(
    "bad-input",
    `${called}: ${shownPath(directory)}: ${shownNames(pointers)} must be the files themselves; got pointers of Git LFS. Run \`git lfs pull\` in the folder.`,
  );
}

/** Refuses an adapter or model without weights of the head, whose results would be random. */
async function expectHead(
  directory: string,
  { kind, names, called }: { kind: "adapter" | "model"; names: readonly string[]; called: string },
): Promise<void> {
  const weights = kind === "adapter" ? ADAPTER_WEIGHTS.find((name) => names.includes(name)) : undefined;
  // An ONNX graph has its head.
  if (kind === "model" && findWeights((name) => names.includes(name)) === undefined) return;
  const base = kind === "adapter" ? await baseOf(directory) : directory;
  if (base === undefined) return;
  const lacking = await missingHead(base);
  if (lacking.length === 0) return;
  const file = weights === undefined ? undefined : await openWeights(join(directory, weights));
  await file?.close();
  const missing = lacking.filter((name) => file?.entries.has(`base_model.model.${name}`) !== true);
  if (missing.length === 0) return;
  const where = kind === "adapter" ? "neither the adapter nor its base holds" : "the folder does not hold";
  throw new TsloraError(
    "bad-input",
    `${called}: ${shownPath(directory)}: ${where} ${shownNames(missing)}, so it would give random results. Train it, and save it again.`,
    { details: { newlyInitialized: missing } },
  );
}

/** The folder of an adapter's base, if it is on this machine. */
async function baseOf(directory: string): Promise<string | undefined> {
  const base = await baseName(directory);
  if (base === undefined) return undefined;
  return resolveModel(base, { offline: true }).then(
    (found) => found.directory,
    () => undefined, // the base is not here
  );
}

/** The base that an adapter names. */
async function baseName(directory: string): Promise<string | undefined> {
  const { base_model_name_or_path: base } = await readJsonObject(join(directory, "adapter_config.json"));
  return typeof base === "string" && base !== "" ? base : undefined;
}

/** Lists what readers will miss. */
async function lacks(
  directory: string,
  { kind, names }: { kind: "adapter" | "model"; names: readonly string[] },
): Promise<string[]> {
  const notices: string[] = [];
  if (!names.includes("README.md"))
    notices.push(
      "There is no README.md, so the repository gets no model card. `tslora train` writes one, and so does saveModelCard.",
    );
  const base = kind === "adapter" ? await baseName(directory) : undefined;
  if (kind === "adapter" && (base === undefined || isAbsolute(base) || nameFault(base, { owner: false }) !== undefined))
    notices.push(
      `adapter_config.json names its base ${shownValue(base ?? "")}, which is not a name on the Hub: others cannot load the adapter. Train on a model of the Hub, or merge and push the model.`,
    );
  if (kind === "model" && !names.some((name) => /^(tokenizer\.json|vocab\.(txt|json)|.*\.model)$/.test(name)))
    notices.push("There is no tokenizer in the folder, so the repository cannot be used without another one.");
  return notices;
}
