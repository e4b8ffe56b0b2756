import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";

import { expandHome } from "../base/files/expand-home";
import { parseUntrustedObject } from "../base/files/parse-json-file";
import { readTextFile } from "../base/files/read-text-file";
import { shownNames } from "../base/shown-value";
import { LOCK_FILE } from "../base/lock/lock-output";
import { TsloraError } from "../base/tslora-error";
import { missingHead } from "../model/missing-head";
import { ADAPTER_WEIGHTS, findWeights, MODEL_WEIGHTS, openWeights } from "../model/weights/weight-files";
import { resolveModel } from "./resolve-model";

/** Files that a push to the Hub would send. */
export interface PreparedPush {
  readonly repoId: string;
  readonly commitMessage: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/**
 * A dry run of a push: lists the files that would be uploaded to the Hub, with their sizes in bytes. Sends nothing.
 *
 * @throws TsloraError `bad-option` for an invalid repoId, `bad-input` if the folder holds no complete adapter or model,
 *   or if the head is in neither the adapter nor its base (as far as the base is on this machine).
 */
export async function preparePush(options: {
  directory: string;
  repoId: string;
  commitMessage?: string;
}): Promise<PreparedPush> {
  const directory = expandHome(options.directory);
  const { repoId, commitMessage = "Upload with tslora" } = options;
  if (!/^[\w.-]+\/[\w.-]+$/.test(repoId))
    throw new TsloraError(
      "bad-option",
      `preparePush: repoId must be of the form owner/name; got ${JSON.stringify(repoId)}.`,
    );
  const found = await readdir(directory, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw new TsloraError(
      "not-found",
      `preparePush: the folder ${directory} cannot be read. Save the adapter or the model there first.`,
      { cause: error },
    );
  });
  const names = found
    .filter((entry) => !entry.isDirectory() && entry.name !== LOCK_FILE) // a killed process may have left one behind
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join("/"));
  if (!isComplete(names)) {
    const [adapter, model] = [ADAPTER_WEIGHTS, MODEL_WEIGHTS.map(({ whole }) => whole)].map((one) => one.join(" or "));
    throw new TsloraError(
      "bad-input",
      `preparePush: ${directory} was expected to hold adapter_config.json and ${adapter}, or config.json and ${model} (or its parts and their index); it holds ${names.join(", ") || "nothing"}.`,
    );
  }
  await expectHead(directory, names);
  const files = await Promise.all(
    names.sort().map(async (path) => ({ path, size: (await stat(join(directory, path))).size })),
  );
  return { repoId, commitMessage, files };
}

/** Whether the files are a whole adapter or model, in a format that loads again. */
function isComplete(names: readonly string[]): boolean {
  const has = (name: string): boolean => names.includes(name);
  return has("adapter_config.json") ? ADAPTER_WEIGHTS.some(has) : has("config.json") && findWeights(has) !== undefined;
}

/** Refuses an adapter or model without weights of the head, whose results would be random. */
async function expectHead(directory: string, names: readonly string[]): Promise<void> {
  const isAdapter = names.includes("adapter_config.json");
  const base = isAdapter ? await baseOf(directory) : directory;
  if (base === undefined) return;
  const lacking = await missingHead(base);
  if (lacking.length === 0) return;
  const weights = isAdapter ? ADAPTER_WEIGHTS.find((name) => names.includes(name)) : undefined;
  const file = weights === undefined ? undefined : await openWeights(join(directory, weights));
  await file?.close();
  const missing = lacking.filter((name) => file?.entries.has(`base_model.model.${name}`) !== true);
  if (missing.length === 0) return;
  const where = isAdapter ? "neither the adapter nor its base holds" : "the folder does not hold";
  throw new TsloraError(
    "bad-input",
    `preparePush: ${directory}: ${where} ${shownNames(missing)}, so it would give random results. Train it, and save it again.`,
    { details: { newlyInitialized: missing } },
  );
}

/** The folder of an adapter's base, if it is on this machine. */
async function baseOf(directory: string): Promise<string | undefined> {
  const path = join(directory, "adapter_config.json");
  const { base_model_name_or_path: base } = parseUntrustedObject(await readTextFile(path), path);
  if (typeof base !== "string" || base === "") return undefined;
  return resolveModel(base, { offline: true }).then(
    (found) => found.directory,
    () => undefined, // the base is not here
  );
}
