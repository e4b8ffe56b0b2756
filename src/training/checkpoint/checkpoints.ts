import { cp, mkdir, readdir, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { isMissing } from "../../base/files/error-code";
import { notSaved } from "../../base/files/file-fault";
import { syncPath } from "../../base/files/sync-path";
import { makeFolder } from "../../base/files/make-folder";
import { writeAtomically } from "../../base/files/write-atomically";
import { TRAINING_ARGS } from "../../classifier/read-run-record";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { writeSafetensors, type TensorToWrite } from "../../model/weights/write-safetensors";
import type { AdamW } from "../optimizer/adamw";
import { readState, STATE_FILE, stateToJson, type CheckpointState } from "./checkpoint-state";
import { WEIGHT } from "./checkpoint-tensors";
import { listCheckpoints } from "./find-checkpoint";
import { recoverFolders, replaceFolder } from "./replace-folder";
import { checksumsOf, writeChecksums } from "./folder-checksums";
import { MLFLOW_FILE } from "../log/mlflow/training-mlflow";
import { LOG_FILE } from "../log/training-log";

/**
 * Files that `tslora train` writes beside the checkpoints. The record is moved last, since only a folder with a record
 * holds such files.
 */
const RUN_FILES = ["adapter", "model", "results.json", "trained_texts.json", TRAINING_ARGS];

/** Logs beside the checkpoints, and the id of the run in MLflow. Another run must not continue them. */
const LOG_FILES = [LOG_FILE, "runs", MLFLOW_FILE];

/** Number of `earlier-<n>` folders that an output folder keeps. */
export const EARLIER_KEPT = 3;

/** Files of an earlier run that were moved to another folder. */
export interface SetAside {
  /** The folder to which they were moved. */
  readonly path: string;
  /** Folders of older runs that were deleted. */
  readonly deleted: readonly string[];
}

/**
 * A run's checkpoints in its output folder, named `checkpoint-<step>` as in transformers. Each holds the adapter in
 * peft's format, or all weights; `optimizer.safetensors` with AdamW's moments, and with an adapter also its weights
 * under the trained parameters' own names; `trainer_state.json`, `training_args.json` and `SHA256SUMS`. A checkpoint is
 * written to a temporary folder, synced to disk and renamed, so a folder named `checkpoint-<step>` is complete even if
 * the process is killed. The newest `limit` checkpoints are kept, and the best ones that their states name.
 */
export class Checkpoints {
  readonly #classifier: SequenceClassifier;
  readonly #directory: string;
  readonly #limit: number;
  /** The best step that each saved checkpoint names. */
  readonly #saved = new Map<number, number | undefined>();

  constructor(classifier: SequenceClassifier, options: { directory: string; limit: number }) {
    this.#classifier = classifier;
    this.#directory = options.directory;
    this.#limit = options.limit;
  }

  /** Folder of the newest checkpoint. */
  get last(): string | undefined {
    const steps = [...this.#saved.keys()];
    return steps.length === 0 ? undefined : this.pathOf(Math.max(...steps));
  }

  pathOf(step: number): string {
    return join(this.#directory, `checkpoint-${step}`);
  }

  has(step: number): boolean {
    return this.#saved.has(step);
  }

  /**
   * Prepares the output folder for this run. Deletes incomplete folders of a killed run. Moves files of another run, or
   * of this run after the step that it resumes from, to `earlier-<n>`; of another run of `tslora train` also its
   * weights, results and record, except the model that this run trains. Keeps the newest {@link EARLIER_KEPT} such
   * folders and the one that the run resumes from; deletes older ones.
   *
   * @param options.resume - the checkpoint to resume from; if it is in another folder, the best checkpoint that it
   *   names is copied from there
   * @returns the folder to which files were moved, and the deleted folders; undefined if nothing was moved
   */
  async begin({ resume }: { resume?: { path: string; state: CheckpointState } }): Promise<SetAside | undefined> {
    makeFolder(this.#directory);
    await recoverFolders(this.#directory);
    const names = await readdir(this.#directory);
    const directory = await realpath(this.#directory); // a link may lead to it
    const source = resume === undefined ? undefined : await realpath(dirname(resume.path));
    const own = resume !== undefined && source === directory ? resume.state.step : -1;
    const foreign = (await listCheckpoints(this.#directory))
      .filter(({ step }) => step > own)
      .map(({ path }) => basename(path));
    const logs = names.filter((name) => LOG_FILES.includes(name));
    if (own < 0) foreign.push(...logs, ...(await this.#runFiles(names, directory)));
    const best = own < 0 ? resume?.state.best?.step : undefined;
    const copied = resume !== undefined && best !== undefined && (await this.#copyBest(dirname(resume.path), best));
    const aside = foreign.length === 0 ? undefined : await this.#setAside(foreign, { names, directory, source });
    if (copied) await rename(`${this.pathOf(best)}.incomplete`, this.pathOf(best));
    for (const { step, path } of await listCheckpoints(this.#directory))
      this.#saved.set(step, (await readState(path).catch(() => undefined))?.best?.step);
    return aside;
  }

  /** Saves the current weights, the optimizer and the state. Returns the checkpoint's folder. */
  async save(
    state: Omit<CheckpointState, "files">,
    from: { optimizer: AdamW; more: Readonly<Record<string, unknown>> },
  ): Promise<string> {
    const path = this.pathOf(state.step);
    const temporary = `${path}.incomplete`;
    const { ops } = this.#classifier.model;
    await rm(temporary, { recursive: true, force: true });
    makeFolder(temporary);
    const lora = this.#classifier.adapter !== undefined;
    if (lora) await this.#classifier.saveAdapter(temporary);
    else await this.#classifier.saveModel(temporary);
    const weights = lora
      ? this.#classifier.trainableParameters().map(({ name, value }) => ({ name: `${WEIGHT}${name}`, value }))
      : [];
    const tensors: TensorToWrite[] = [];
    for await (const moment of from.optimizer.state()) tensors.push(moment);
    for (const { name, value } of weights) tensors.push({ name, shape: value.shape, values: await ops.read(value) });
    await writeSafetensors(join(temporary, "optimizer.safetensors"), { tensors, metadata: { format: "pt" } });
    await writeAtomically(
      join(temporary, "training_args.json"),
      `${JSON.stringify(snakeCase(state.identity.options), undefined, 2)}\n`,
    );
    const sums = await checksumsOf(temporary);
    await writeAtomically(
      join(temporary, STATE_FILE),
      stateToJson({ ...state, files: Object.fromEntries(sums) }, from.more),
    );
    await writeChecksums(temporary, { known: sums });
    await replaceFolder(path, temporary);
    await syncPath(this.#directory);
    this.#saved.set(state.step, state.best?.step);
    await this.#deleteOld({ strict: false });
    return path;
  }

  /** At the end of a run, keeps only the newest `limit` checkpoints and the best one. */
  async finish(): Promise<void> {
    await this.#deleteOld({ strict: true });
  }

  /**
   * The files of a run of `tslora train`, without the folder of the model that is trained.
   *
   * @param directory - the output folder without links
   */
  async #runFiles(names: readonly string[], directory: string): Promise<string[]> {
    if (!names.includes(TRAINING_ARGS)) return [];
    const base = resolve(this.#classifier.origin.directory);
    const real = await realpath(base).catch(() => base);
    return RUN_FILES.filter(
      (name) => names.includes(name) && resolve(this.#directory, name) !== base && join(directory, name) !== real,
    );
  }

  /**
   * Moves files to a new folder `earlier-<n>`, and deletes the oldest such folders, except `source`.
   *
   * @param folder.names - the files in the output folder
   * @param folder.directory - the output folder without links
   */
  async #setAside(
    moved: readonly string[],
    { names, directory, source }: { names: readonly string[]; directory: string; source: string | undefined },
  ): Promise<SetAside> {
    const numbers = names.flatMap((name) =>
      /^earlier-[1-9]\d{0,8}$/.test(name) ? [Number(name.slice("earlier-".length))] : [],
    );
    const pathOf = (n: number): string => join(this.#directory, `earlier-${n}`);
    const path = pathOf(Math.max(0, ...numbers) + 1);
    await mkdir(path);
    for (const name of moved) await rename(join(this.#directory, name), join(path, name));
    const deleted = numbers
      .sort((a, b) => b - a)
      .slice(EARLIER_KEPT - 1)
      .filter((n) => join(directory, basename(pathOf(n))) !== source)
      .map(pathOf);
    for (const folder of deleted) await rm(folder, { recursive: true, force: true });
    return { path, deleted };
  }

  /** Copies the best checkpoint of the run to resume into the output folder. */
  async #copyBest(folder: string, step: number): Promise<boolean> {
    const temporary = `${this.pathOf(step)}.incomplete`;
    const copied = await cp(join(folder, `checkpoint-${step}`), temporary, { recursive: true }).then(
      () => true,
      (error: unknown) => {
        if (isMissing(error)) return false; // the best step has no checkpoint
        throw notSaved(temporary, error);
      },
    );
    if (copied) await writeChecksums(temporary);
    return copied;
  }

  /**
   * Deletes old checkpoints.
   *
   * @param options.strict - keep the best checkpoint of the newest state only, not that of every kept one
   */
  async #deleteOld({ strict }: { strict: boolean }): Promise<void> {
    const newest = [...this.#saved.keys()].sort((a, b) => b - a).slice(0, this.#limit);
    const kept = new Set<number | undefined>([
      ...newest,
      ...(strict ? newest.slice(0, 1) : newest).map((step) => this.#saved.get(step)),
    ]);
    for (const step of [...this.#saved.keys()].filter((s) => !kept.has(s))) {
      // Renamed first, so that a killed process leaves no incomplete folder with the final name.
      const old = `${this.pathOf(step)}.incomplete`;
      await rename(this.pathOf(step), old).catch((error: unknown) => {
        if (!isMissing(error)) throw error; // one that was deleted by hand needs no deletion
      });
      await rm(old, { recursive: true, force: true });
      this.#saved.delete(step);
    }
  }
}

function snakeCase(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}
