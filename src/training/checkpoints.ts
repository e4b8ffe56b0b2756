import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { writeAtomically } from "../base/write-atomically";
import type { SequenceClassifier } from "../classifier/sequence-classifier";

/**
 * A run's checkpoints, `checkpoint-<step>` under its output folder, as transformers names them: the adapter in
 * peft's format, or all weights, and trainer_state.json. Each is written beside and renamed; the newest few and the
 * best are kept.
 */
export class Checkpoints {
  readonly #classifier: SequenceClassifier;
  readonly #directory: string;
  readonly #limit: number;
  readonly #saved: { step: number; path: string }[] = [];
  #best: number | undefined;

  constructor(classifier: SequenceClassifier, options: { directory: string; limit: number }) {
    this.#classifier = classifier;
    this.#directory = options.directory;
    this.#limit = options.limit;
  }

  /** Saves the present weights. Returns the checkpoint's folder. */
  async save(at: { step: number; epoch: number; best: boolean }): Promise<string> {
    await mkdir(this.#directory, { recursive: true });
    if (this.#saved.length === 0) await this.#clear();
    const path = join(this.#directory, `checkpoint-${at.step}`);
    const beside = `${path}.incomplete`;
    await rm(beside, { recursive: true, force: true });
    if (this.#classifier.adapter === undefined) await this.#classifier.saveModel(beside);
    else await this.#classifier.saveAdapter(beside);
    if (at.best) this.#best = at.step;
    const state = { best_global_step: this.#best ?? null, epoch: at.epoch, global_step: at.step };
    await writeAtomically(join(beside, "trainer_state.json"), `${JSON.stringify(state, undefined, 2)}\n`);
    await rm(path, { recursive: true, force: true });
    await rename(beside, path);
    this.#saved.push({ step: at.step, path });
    await this.#forget();
    return path;
  }

  /** Takes away what a killed run left half-written. */
  async #clear(): Promise<void> {
    for (const name of await readdir(this.#directory)) {
      if (/^checkpoint-\d+\.incomplete$/.test(name)) await rm(join(this.#directory, name), { recursive: true, force: true });
    }
  }

  async #forget(): Promise<void> {
    const old = this.#saved.slice(0, -this.#limit).filter(({ step }) => step !== this.#best);
    for (const checkpoint of old) {
      await rm(checkpoint.path, { recursive: true, force: true });
      this.#saved.splice(this.#saved.indexOf(checkpoint), 1);
    }
  }
}
