import { faultCode, faultText } from "../../base/files/file-fault";
import { TsloraError } from "../../base/tslora-error";
import type { Notebook } from "../format/notebook-types";
import { saveNotebook } from "../format/save-notebook";

/** Options of the autosave. */
export interface AutosaveOptions {
  readonly path: string;
  /** Returns the current notebook. */
  readonly compose: () => Notebook;
  readonly onSaved: () => void;
  /** A save failed; it will be tried again. Called once until a save succeeds, or fails for another reason. */
  readonly onFailed: (error: Error) => void;
  /** For tests: milliseconds until a failed save is tried again. @default 1,000 */
  readonly retryMs?: number;
}

/** The shortest pause after a save, as a multiple of the save's duration: saving takes a fifth of the time at most. */
const PAUSE = 4;
const LONGEST_PAUSE_MS = 10_000;
const PAUSE_AFTER_FAILURE_MS = 1000;

/**
 * Saves a notebook while it runs; the next cell does not wait. A small notebook is saved a few milliseconds after each
 * cell, one that takes long to write less often, but at most ten seconds late.
 */
export class Autosave {
  readonly #options: AutosaveOptions;
  #wanted = false;
  #saving: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #notBefore = 0;
  #closed = false;
  /** The last save's reason to fail. */
  #fault: string | undefined;

  constructor(options: AutosaveOptions) {
    this.#options = options;
  }

  /**
   * Requests a save of the notebook.
   *
   * @param afterMs - milliseconds that the save may wait for others
   */
  request(afterMs = 0): void {
    if (this.#closed) return;
    this.#wanted = true;
    if (this.#saving !== undefined) return; // a save checks for new requests when it is done
    const wait = Math.max(afterMs, this.#notBefore - performance.now());
    if (this.#timer !== undefined && afterMs > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (wait <= 0) this.#start();
    else this.#timer = setTimeout(() => this.#start(), wait);
  }

  /**
   * Saves the notebook for the last time, and waits until the disk holds it.
   *
   * @throws TsloraError `not-saved`
   */
  async flush(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#saving;
    const { path, compose, onSaved } = this.#options;
    try {
      await saveNotebook(compose(), path);
    } catch (error) {
      const details = error instanceof TsloraError ? error.details : { path };
      const why =
        error instanceof TsloraError && error.code === "not-saved" ? faultText(error.cause) : faultText(error);
      throw new TsloraError(
        "not-saved",
        `The executed notebook could not be saved as ${path}: ${why}. The file as it was saved last is still there.`,
        { cause: error, details },
      );
    }
    onSaved();
  }

  #start(): void {
    this.#timer = undefined;
    this.#wanted = false;
    this.#saving = this.#save().finally(() => {
      this.#saving = undefined;
      if (this.#wanted) this.request();
    });
  }

  async #save(): Promise<void> {
    const { path, compose, onSaved, onFailed, retryMs = PAUSE_AFTER_FAILURE_MS } = this.#options;
    const start = performance.now();
    try {
      await saveNotebook(compose(), path, { sync: false });
      const end = performance.now();
      this.#notBefore = end + Math.min(LONGEST_PAUSE_MS, PAUSE * (end - start));
      this.#fault = undefined;
      onSaved();
    } catch (error) {
      this.#notBefore = performance.now() + retryMs;
      this.#wanted = true;
      const fault = reasonOf(error);
      if (fault === this.#fault) return;
      this.#fault = fault;
      onFailed(error as Error);
    }
  }
}

/** The reason of a failed save: the system's code, since a message may name a temporary file; or the message. */
function reasonOf(error: unknown): string {
  const cause = error instanceof TsloraError && error.code === "not-saved" ? error.cause : error;
  return faultCode(cause) ?? (cause instanceof Error ? cause.message : String(cause));
}
