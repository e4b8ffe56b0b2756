import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";

import { readJsonObject } from "../base/files/parse-json-file";
import { Problems } from "../base/problems";
import { shownPath } from "../base/shown-path";
import { shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import { cachedSnapshot } from "./cache-snapshot";
import type { DownloadProgress } from "./download-file";
import { downloadModel, hasWeights } from "./download-model";
import { beginDownload, commitOf, type DownloadOptions } from "./download-repository";
import { hubSettings, type HubSettings } from "./hub-settings";
import { installedById, installedModel } from "./installed-models";
import { isRevision, nameFault } from "./repo-name";
import { TOKENIZER_FILES } from "./tokenizer-files";

/** Options of {@link pullFromHub}. */
export interface PullOptions extends Partial<HubSettings> {
  /**
   * A branch, tag, commit, or pull request (`refs/pr/3`).
   * @default "main"
   */
  readonly revision?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/** A model in the cache. */
export interface PulledModel {
  readonly kind: "model";
  readonly id: string;
  readonly revision: string;
  /** The commit; undefined for a model that set-up installs. */
  readonly commit?: string;
  /** The folder with its files. */
  readonly directory: string;
}

/** An adapter in the cache, and its base. */
export interface PulledAdapter extends Omit<PulledModel, "kind"> {
  readonly kind: "adapter";
  /** Undefined if it names no base that can be fetched; `notices` say why. */
  readonly base?: PulledModel;
  readonly notices: readonly string[];
}

const ADAPTER_WEIGHTS = ["adapter_model.safetensors", "adapter_model.bin"] as const;
const FURTHER_FILES = ["README.md", "LICENSE"];

/**
 * Fetches a model, or an adapter with its base, from the Hugging Face Hub into the standard cache, which Python's
 * huggingface_hub shares. Files that are in the cache already are not fetched again; a partial file is resumed. With
 * HF_HUB_OFFLINE the cache must hold it.
 *
 * @param name - owner/name, or the name of a model without an owner
 * @throws TsloraError `bad-option` for a name or revision that cannot be one, `not-found` with what to do for a private
 *   or gated repository, `unreachable`, `unsupported`, `bad-input` or `aborted`.
 */
export async function pullFromHub(name: string, options: PullOptions = {}): Promise<PulledModel | PulledAdapter> {
  const { revision = "main" } = options;
  const problems = new Problems("pullFromHub");
  const fault = nameFault(name, { owner: false });
  problems.expect(fault === undefined, `name ${fault ?? ""}; got ${shownValue(name)}`);
  problems.expect(isRevision(revision), `revision must name a branch, tag or commit; got ${shownValue(revision)}`);
  problems.throwIfAny();
  const { signal, onProgress } = options;
  const download = { ...hubSettings(options), revision, also: FURTHER_FILES, signal, onProgress };
  if (download.offline) return fromCache(name, download);
  const adapter = await downloadAdapter(name, download);
  if (adapter !== undefined) return withBase({ id: name, revision, directory: adapter }, download);
  return pulled(name, { revision, directory: await downloadModel(name, download) });
}

function pulled(id: string, { revision, directory }: { revision: string; directory: string }): PulledModel {
  return { kind: "model", id, revision, commit: commitOf(directory), directory };
}

/**
 * Fetches an adapter's files. Returns the snapshot's folder.
 *
 * @returns undefined if the repository holds no adapter
 */
async function downloadAdapter(id: string, options: DownloadOptions): Promise<string | undefined> {
  const download = await beginDownload(id, "adapter_config.json", options);
  if (download === undefined) return undefined;
  const { called, snapshot, fetchOne, finish } = download;
  for (const file of [...TOKENIZER_FILES, ...(options.also ?? [])]) await fetchOne(file);
  for (const file of ADAPTER_WEIGHTS) {
    if (!(await fetchOne(file))) continue;
    await finish();
    return snapshot;
  }
  throw new TsloraError(
    "unsupported",
    `${called} has adapter_config.json, but neither ${ADAPTER_WEIGHTS.join(" nor ")}. Its upload was not complete.`,
  );
}

/** Adds the base that an adapter names. */
async function withBase(
  { id, revision, directory }: { id: string; revision: string; directory: string },
  options: DownloadOptions,
): Promise<PulledAdapter> {
  const config = await readJsonObject(join(directory, "adapter_config.json"));
  const { base_model_name_or_path: name, revision: at } = config;
  const adapter = { kind: "adapter", id, revision, commit: commitOf(directory), directory } as const;
  if (typeof name !== "string" || isAbsolute(name) || nameFault(name, { owner: false }) !== undefined)
    return {
      ...adapter,
      notices: [
        `The adapter names its base ${shownValue(name ?? "")}, which is not a name on the Hub: give your own copy of it (--model).`,
      ],
    };
  const wanted = typeof at === "string" && isRevision(at) ? at : "main";
  const installed = wanted === "main" ? installedById(name) : undefined;
  if (installed !== undefined) {
    const model = installedModel(installed, "the adapter's base");
    return {
      ...adapter,
      base: { kind: "model", id: name, revision: wanted, directory: model.directory },
      notices: [`The adapter's base, ${name}, is a model that set-up installed; it is not fetched.`],
    };
  }
  const base = options.offline
    ? await fromCache(name, { ...options, revision: wanted })
    : pulled(name, { revision: wanted, directory: await fetchBase(name, { ...options, revision: wanted }) });
  return base.kind === "model" ? { ...adapter, base, notices: [] } : adapterOnAdapter(adapter, name);
}

function adapterOnAdapter(adapter: Omit<PulledAdapter, "notices">, name: string): PulledAdapter {
  return { ...adapter, notices: [`The adapter's base, ${name}, is an adapter itself, which cannot be loaded.`] };
}

async function fetchBase(name: string, options: DownloadOptions): Promise<string> {
  try {
    return await downloadModel(name, options);
  } catch (error) {
    if (!(error instanceof TsloraError) || error.code === "aborted") throw error;
    throw new TsloraError(error.code, `The adapter is fetched, and its base ${name} is not. ${error.message}`, {
      cause: error,
      details: error.details,
    });
  }
}

/** Finds a repository in the cache, without requests. */
async function fromCache(id: string, options: DownloadOptions): Promise<PulledModel | PulledAdapter> {
  const { revision, offlineFrom } = options;
  const directory = await cachedSnapshot(id, options);
  const has = (file: string): boolean => existsSync(join(directory, file));
  if (has("adapter_config.json") && ADAPTER_WEIGHTS.some(has)) return withBase({ id, revision, directory }, options);
  if (has("config.json") && (await hasWeights(directory))) return pulled(id, { revision, directory });
  throw new TsloraError(
    "not-found",
    `${id} at ${revision} is not in the cache, ${shownPath(options.cacheDir)}, and is not requested from the Hub, since ${offlineFrom} is set.`,
  );
}
