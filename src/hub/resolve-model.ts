import { existsSync, readdirSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";

import { expandHome } from "../base/files/expand-home";
import { places } from "../base/places";
import { shownPath } from "../base/shown-path";
import { TsloraError } from "../base/tslora-error";
import { foreignWeights } from "../model/weights/weight-files";
import { cachedSnapshot } from "./cache-snapshot";
import type { DownloadProgress } from "./download-file";
import { checkModelFolder, hasTokenizer } from "./check-model-folder";
import { downloadModel, hasWeights } from "./download-model";
import { cacheFolder, hubSettings, type HubSettings } from "./hub-settings";
import { installedById, installedModel, installedName } from "./installed-models";
import type { ResolvedModel } from "./resolved-model";
import { withWeights } from "./with-weights";

export type { ModelPlace, ResolvedModel } from "./resolved-model";

/** Options of {@link resolveModel}. */
export interface ResolveModelOptions extends Partial<HubSettings> {
  /**
   * A branch, tag or commit on the Hub.
   * @default "main"
   */
  readonly revision?: string;
  /**
   * Whether a folder without a tokenizer is an error. (If its weights are missing too, both are reported.)
   * @default false
   */
  readonly requireTokenizer?: boolean;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

const DEFAULT_MODEL = "distilbert-base-uncased";
const HUB_ID = /^[\w.-]+(\/[\w.-]+)?$/;

/**
 * Finds a model: "embedded", the encoder that set-up installs; "mpnet", which `npm run setup -- mpnet` installs; a
 * folder; a name on the Hugging Face Hub, from its cache or from the Hub; or "auto": the model that TSLORA_MODEL names,
 * else distilbert-base-uncased, else the embedded encoder. Only "auto" has such fallbacks, and `notice` reports the
 * choice and the reason. A `~` at the beginning of a path is the home folder. A name that can only be a path (`./x`,
 * `/x`, `~/x`, `C:\\x`, more than one slash) is never requested from the Hub.
 *
 * @throws TsloraError `not-found` with every place that was searched, and for a folder the missing files.
 */
export async function resolveModel(model = "auto", options: ResolveModelOptions = {}): Promise<ResolvedModel> {
  const given = process.env.TSLORA_MODEL;
  if (model !== "auto") return named(model, { why: "as requested", options });
  if (given !== undefined && given !== "" && given !== "auto")
    return named(given, { why: "since TSLORA_MODEL names it", options });
  try {
    return await fromHub(DEFAULT_MODEL, { why: "the study's model", options });
  } catch (error) {
    // Falls back only if the model is missing; a broken one is an error.
    if (!(error instanceof TsloraError) || (error.code !== "unreachable" && error.code !== "not-found")) throw error;
    return installedModel("embedded", `since ${DEFAULT_MODEL} is not available: ${error.message}`);
  }
}

async function named(
  model: string,
  { why, options }: { why: string; options: ResolveModelOptions },
): Promise<ResolvedModel> {
  const installed = installedName(model);
  if (installed !== undefined) return installedModel(installed, why);
  const path = expandHome(model);
  const folders = [...new Set([resolve(path), resolve(places().project, path)])];
  const directory = folders.find((place) => existsSync(place));
  if (directory !== undefined) {
    checkModelFolder(directory, { requireTokenizer: options.requireTokenizer ?? false });
    return withWeights({
      id: folderId(path),
      directory,
      origin: { kind: "folder" },
      notice: `Model: the folder ${shownPath(directory)}, ${why}.`,
    });
  }
  if (path.startsWith(".") || isAbsolute(path) || !HUB_ID.test(path)) {
    throw new TsloraError(
      "not-found",
      `The model ${shortened(model)} was looked for at ${folders.map(shortened).join(" and ")}, and nothing is there. Give a folder that holds config.json and model.safetensors or pytorch_model.bin, or a name on the Hugging Face Hub.`,
    );
  }
  const same = options.revision === undefined ? installedById(model) : undefined;
  if (same !== undefined) return installedModel(same, `whose weights are those of ${model}, ${why}`);
  try {
    return await fromHub(model, { why, options });
  } catch (error) {
    if (!(error instanceof TsloraError) || (error.code !== "unreachable" && error.code !== "not-found")) throw error;
    throw new TsloraError(
      error.code,
      `${error.message} Is the name right? There is no folder of that name either, at ${folders.map(shortened).join(" or ")}.`,
      { cause: error, details: { ...error.details, model } },
    );
  }
}

/** The name of a folder. A relative path begins with a dot, to distinguish it from a name on the Hub. */
function folderId(path: string): string {
  return isAbsolute(path) || path.startsWith(".") ? path : `./${path}`;
}

function shortened(path: string): string {
  return path.length > 300 ? `${path.slice(0, 299)}…` : path;
}

/** @throws TsloraError `bad-input` that names the missing files: the model is there, and must not be replaced. */
function refuseIncomplete(folder: string, { requireTokenizer }: { requireTokenizer: boolean }): void {
  try {
    checkModelFolder(folder, { requireTokenizer });
  } catch (error) {
    if (!(error instanceof TsloraError) || error.code !== "not-found") throw error;
    throw new TsloraError("bad-input", error.message, { cause: error });
  }
}

async function fromHub(
  id: string,
  { why, options }: { why: string; options: ResolveModelOptions },
): Promise<ResolvedModel> {
  const { revision = "main", requireTokenizer = false } = options;
  const settings = hubSettings(options);
  const folder = cacheFolder(id, settings);
  const cached = await cachedSnapshot(id, { revision, cacheDir: settings.cacheDir });
  const has = (name: string): boolean => existsSync(join(cached, name));
  const holdsWeights = await hasWeights(cached);
  // Python's programs also cache single files: weights without the configuration or the tokenizer
  if (holdsWeights && has("config.json") && (!requireTokenizer || hasTokenizer(has)))
    return withWeights({
      id,
      directory: cached,
      origin: { kind: "cache" },
      notice: `Model: ${id} from the Hugging Face cache, ${why}.`,
    });
  if (settings.offline) {
    if (holdsWeights) refuseIncomplete(cached, { requireTokenizer });
    const foreign = existsSync(cached) ? foreignWeights(readdirSync(cached)) : undefined;
    if (foreign !== undefined)
      throw new TsloraError("unsupported", `${id} in the cache, ${shownPath(cached)}: ${foreign}.`);
    throw new TsloraError(
      "not-found",
      `${id} is not in the cache, ${shownPath(folder)}, and is not requested from the Hub, since ${settings.offlineFrom} is set.`,
    );
  }
  try {
    const directory = await downloadModel(id, { ...settings, revision, onProgress: options.onProgress });
    const notice = `Model: ${id} from ${settings.endpoint}, ${why}.`;
    return await withWeights({ id, directory, origin: { kind: "hub" }, notice });
  } catch (error) {
    if (!(error instanceof TsloraError)) throw error;
    const held = holdsWeights ? "is not complete" : "is not";
    const code = holdsWeights ? "bad-input" : error.code; // an incomplete model is not replaced by another
    throw new TsloraError(code, `${id} ${held} in the cache, ${shownPath(folder)}. ${error.message}`, {
      cause: error,
    });
  }
}
