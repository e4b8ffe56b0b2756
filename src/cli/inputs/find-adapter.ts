import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

import { expandHome } from "../../base/files/expand-home";
import { shownPath } from "../../base/shown-path";
import { TsloraError } from "../../base/tslora-error";
import type { PullOptions } from "../../hub/pull-from-hub";
import { resolveModel, type ResolvedModel } from "../../hub/resolve-model";
import { headLabels } from "../../lora/head-labels";
import { readPeftConfig } from "../../lora/peft-config";
import { readRunRecord, type RunRecord } from "../../classifier/read-run-record";
import { fetchAdapter, hubName } from "./fetch-adapter";

/** An adapter's folder before its weights are read. */
export interface FoundAdapter {
  readonly directory: string;
  /** Its name on the Hub, if it comes from there, and a sentence about it. */
  readonly hub?: { readonly id: string; readonly notice: string; readonly base?: ResolvedModel };
  /** `base_model_name_or_path` of adapter_config.json. */
  readonly base?: string;
  /** Number of labels of its head, if it has a head. */
  readonly labels?: number;
  /** The run that trained it. */
  readonly record?: RunRecord;
}

/** Relative paths of a training run, such as `runs/a` or `checkpoint-5`; such a name is not looked up on the Hub. */
const FOLDERS = /^(models?|outputs?|runs?|checkpoints?|results?|data|tmp|home)\/|(^|\/)checkpoint-\d+$/i;

/**
 * Finds an adapter: a folder, or else owner/name[@revision] on the Hub, which is fetched into the cache. Reads what it
 * holds, without the weights.
 *
 * @throws TsloraError `not-found` for a folder without an adapter, and the errors of reading its configuration.
 */
export async function findAdapter(
  given: string,
  options: Pick<PullOptions, "signal" | "onProgress"> = {},
): Promise<FoundAdapter> {
  const path = expandHome(given);
  const named = existsSync(path) || FOLDERS.test(given) ? undefined : hubName(given);
  const hub = named === undefined ? undefined : await fetchAdapter(named, options);
  const directory = hub?.directory ?? path;
  if (!existsSync(join(directory, "adapter_config.json"))) {
    const model = existsSync(join(directory, "config.json"))
      ? " It holds a model (config.json): give it with --model."
      : "";
    throw new TsloraError(
      "not-found",
      `--adapter: a folder that holds adapter_config.json and adapter_model.safetensors (or .bin) is needed, or ` +
        `owner/name on the Hub; ${directory} does not hold them.${model}`,
    );
  }
  const { baseModel } = await readPeftConfig(join(directory, "adapter_config.json"));
  const [labels, record] = [await headLabels(directory), await readRunRecord(directory)];
  return { directory, base: baseModel, labels, record, hub };
}

/**
 * Finds the base that an adapter names. Does not look up a relative path, or a path of another machine, on the Hub.
 *
 * @throws TsloraError that names adapter_config.json, its entry and the option --model.
 */
export async function resolveBase(
  command: string,
  { directory, base, record, hub }: FoundAdapter,
): Promise<ResolvedModel> {
  if (hub?.base !== undefined) return hub.base;
  const path = shownPath(join(directory, "adapter_config.json"));
  if (base === undefined)
    throw new TsloraError(
      "bad-option",
      `tslora ${command}: --model is needed, since ${path} does not name the adapter's base (base_model_name_or_path).`,
    );
  const trainedOn = record?.model;
  if (trainedOn !== undefined && isFolder(trainedOn) && !existsSync(resolve(expandHome(base))))
    return resolveModel(trainedOn, { requireTokenizer: true });
  try {
    return await resolveModel(base, { requireTokenizer: true, ...(FOLDERS.test(base) ? { offline: true } : {}) });
  } catch (error) {
    if (!(error instanceof TsloraError)) throw error;
    const shown = base.length > 200 ? `${base.slice(0, 199)}…` : base;
    throw new TsloraError(
      error.code,
      `tslora ${command}: the adapter's base cannot be loaded. base_model_name_or_path in ${path} is ` +
        `${JSON.stringify(shown)}. Give the base with --model: its folder here, or its name on the Hugging Face Hub. ` +
        `(${error.message})`,
      { cause: error, details: { base } },
    );
  }
}

function isFolder(path: string): boolean {
  return path.startsWith("/") && existsSync(join(path, "config.json"));
}
