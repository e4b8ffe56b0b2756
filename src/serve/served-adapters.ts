import { realpath } from "node:fs/promises";
import { resolve } from "node:path";

import { isInside } from "../base/files/is-inside";
import { shownNames } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import { readRunRecord } from "../classifier/read-run-record";
import type { ProblemType } from "../model/encoder-config";
import type { ModelHost } from "./model/model-host";
import { ServeError } from "./serve-error";
import { isAdapterName, NAME_RULE } from "./serve-options";
import type { ServedAdapter, ServedLabels } from "./served-adapter";

/** Parts of {@link ServedAdapters}. */
export interface ServedAdaptersParts {
  readonly host: ModelHost;
  /** The model itself. */
  readonly base: ServedLabels & { readonly hasTrainedBase: boolean };
  /** Labels and problem type that the operator set for all adapters. */
  readonly given: { readonly labels?: readonly string[]; readonly problemType?: ProblemType };
  /** The folder that adapters added at run time must be in. */
  readonly directory: string | undefined;
}

/** The adapters of a server, by the names that requests give. */
export class ServedAdapters {
  readonly #parts: ServedAdaptersParts;
  readonly #served = new Map<string, ServedAdapter>();
  /** Number of requests that use an adapter. */
  readonly #users = new Map<string, number>();
  #whenUnused: (() => void)[] = [];
  /** Names of adapters that are being loaded or removed. */
  readonly #busy = new Set<string>();

  constructor(parts: ServedAdaptersParts) {
    this.#parts = parts;
  }

  get all(): readonly ServedAdapter[] {
    return [...this.#served.values()];
  }

  /**
   * Calls `work` with the adapter of this name, or without a name with the model itself. The adapter is not removed
   * until the work is done.
   *
   * @throws ServeError 404 for an unknown name, 422 if a name is needed
   */
  async use<T>(name: string | undefined, work: (served: ServedLabels) => Promise<T>): Promise<T> {
    const served = this.#get(name);
    if (name === undefined) return work(served);
    const users = (): number => this.#users.get(name) ?? 0;
    this.#users.set(name, users() + 1);
    try {
      return await work(served);
    } finally {
      if (users() > 1) this.#users.set(name, users() - 1);
      else this.#users.delete(name);
      const waiting = this.#whenUnused;
      this.#whenUnused = [];
      for (const resolve of waiting) resolve();
    }
  }

  #get(name: string | undefined): ServedLabels {
    const { base } = this.#parts;
    if (name === undefined) {
      if (base.hasTrainedBase) return base;
      throw new ServeError(
        422,
        "Validation",
        `\`adapter\` is needed: the model has no trained head of its own. ${this.#available()}`,
      );
    }
    const found = this.#served.get(name);
    if (found === undefined)
      throw new ServeError(404, "NotFound", `there is no adapter ${JSON.stringify(cut(name))}. ${this.#available()}`);
    return found;
  }

  /**
   * Loads an adapter from a folder that the operator named.
   *
   * @throws TsloraError that lists everything that does not fit; ServeError 409 if the name is taken
   */
  async add(name: string, directory: string): Promise<ServedAdapter> {
    return this.#exclusively(name, async () => {
      if (this.#served.has(name))
        throw new ServeError(409, "Conflict", `there is an adapter "${name}" already. Delete it first.`);
      const { base, given, host } = this.#parts;
      const record = await readRunRecord(directory);
      const labels = given.labels ?? record?.labels ?? base.labels;
      if (labels.length !== base.labels.length)
        throw new TsloraError(
          "bad-input",
          `The adapter "${name}" was trained for the labels ${shownNames(labels)}, but the model is served with ${base.labels.length} labels, ${shownNames(base.labels)}. All adapters of a server must have the same number of labels.`,
        );
      const problemType = given.problemType ?? record?.problemType ?? base.problemType;
      const { takesPairs, alone } = await host.add(name, directory);
      const served = { name, labels, problemType, takesPairs, alone };
      this.#served.set(name, served);
      return served;
    });
  }

  /**
   * Loads an adapter from a folder that a request named.
   *
   * @throws ServeError 403 for a folder outside of the adapter directory, 422 for one that does not fit
   */
  async addFrom(name: string, folder: string): Promise<ServedAdapter> {
    if (!isAdapterName(name)) throw new ServeError(422, "Validation", `an adapter's name ${NAME_RULE}.`);
    const directory = await this.#inside(folder);
    try {
      return await this.add(name, directory);
    } catch (error) {
      if (error instanceof TsloraError && error.code !== "kernel")
        throw new ServeError(422, "Validation", error.message);
      throw error;
    }
  }

  /**
   * Removes an adapter once its texts are answered; new requests for it are refused at once.
   *
   * @throws ServeError 404 for an unknown name
   */
  async remove(name: string): Promise<void> {
    await this.#exclusively(name, async () => {
      this.#get(name);
      const served = this.#served.get(name);
      this.#served.delete(name);
      while (this.#users.has(name)) await new Promise<void>((resolve) => this.#whenUnused.push(resolve));
      try {
        await this.#parts.host.remove(name);
      } catch (error) {
        if (served !== undefined) this.#served.set(name, served);
        throw error;
      }
    });
  }

  /** Does the work unless the adapter is being loaded or removed. */
  async #exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (this.#busy.has(name))
      throw new ServeError(409, "Conflict", `the adapter "${name}" is being loaded or removed. Try again later.`);
    this.#busy.add(name);
    try {
      return await work();
    } finally {
      this.#busy.delete(name);
    }
  }

  /** The real path of a folder in the adapter directory. */
  async #inside(folder: string): Promise<string> {
    const { directory } = this.#parts;
    const refused = new ServeError(403, "Forbidden", "`folder` must be in the server's adapter directory.");
    if (directory === undefined)
      throw new ServeError(403, "Forbidden", "the server has no adapter directory, so that no adapter can be added.");
    if (folder.includes("\0")) throw refused;
    const root = await realpath(directory);
    const path = resolve(root, folder);
    if (!isInside(root, path)) throw refused;
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined)
      throw new ServeError(422, "Validation", "`folder` does not exist in the adapter directory.");
    if (!isInside(root, real)) throw refused;
    return real;
  }

  #available(): string {
    return this.#served.size === 0 ? "No adapter is served." : `There are ${shownNames([...this.#served.keys()], 20)}.`;
  }
}

function cut(name: string): string {
  return name.length > 80 ? `${name.slice(0, 79)}…` : name;
}
