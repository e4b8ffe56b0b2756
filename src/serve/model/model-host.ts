import { setTimeout as sleep } from "node:timers/promises";

import type { MixedDocument } from "../../classifier/mixed-predictor";
import { asError } from "../../base/as-error";
import { shownPath } from "../../base/shown-path";
import { TsloraError } from "../../base/tslora-error";
import { ServeError } from "../serve-error";
import { adapterHash } from "./adapter-hash";
import type { LoadedModel, LoadMessage, ModelResults } from "./messages";
import { ModelProcess } from "./model-process";

/** Milliseconds between the end of a process and the next start; they double with each failed start. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 30_000;

/** An adapter that a new process loads again. */
interface HostedAdapter {
  readonly directory: string;
  /** Its files when it was added. */
  readonly hash: string;
}

/**
 * Keeps a process with the model and its adapters running. If the process ends, it starts another one with the same
 * adapters; requests that were being computed fail. An adapter whose files were changed or deleted meanwhile is left
 * out: requests for it fail, and the others are answered.
 */
export class ModelHost {
  readonly #load: LoadMessage;
  readonly #adapters = new Map<string, HostedAdapter>();
  /** Names of adapters that the present process could not load. */
  readonly #leftOut = new Set<string>();
  readonly #onChange: (text: string) => void;
  /** Aborted by {@link stop}. */
  readonly #ending = new AbortController();
  #process: ModelProcess;
  #ready = false;

  private constructor(load: LoadMessage, { onChange }: { onChange: (text: string) => void }) {
    this.#load = load;
    this.#onChange = onChange;
    this.#process = new ModelProcess();
  }

  /**
   * Starts the process and loads the model.
   *
   * @throws TsloraError of loading the model
   */
  static async start(
    load: LoadMessage,
    options: { onChange: (text: string) => void },
  ): Promise<{ host: ModelHost; model: LoadedModel }> {
    const host = new ModelHost(load, options);
    try {
      const model = await host.#process.request(load);
      host.#ready = true;
      void host.#watch();
      return { host, model };
    } catch (error) {
      await host.stop();
      throw error;
    }
  }

  /** Whether the process runs and has loaded the model and its adapters. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Bytes of memory of the process at its last answer. */
  get rss(): number {
    return this.#process.rss;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /**
   * Adds an adapter.
   *
   * @throws TsloraError that lists everything that does not fit the model; nothing is then added. ServeError 503 while
   *   the process is started again
   */
  async add(name: string, directory: string): Promise<ModelResults["add"]> {
    const hash = await adapterHash(name, directory); // before loading: a change meanwhile is then seen
    this.#expectReady();
    const added = await this.#process.request({ kind: "add", name, directory });
    this.#adapters.set(name, { directory, hash });
    return added;
  }

  /**
   * Removes an adapter, also one that the process could not load again.
   *
   * @throws TsloraError if the process fails; the adapter then stays. ServeError 503 while it is started again
   */
  async remove(name: string): Promise<void> {
    this.#expectReady();
    try {
      await this.#process.request({ kind: "remove", name });
    } catch (error) {
      if (!(error instanceof TsloraError && error.code === "not-found")) throw error;
    }
    this.#adapters.delete(name);
    this.#leftOut.delete(name);
  }

  /** @throws ServeError 503 while the process is started again, 424 for an adapter that it could not load again */
  expectAdapter(name: string | undefined): void {
    this.#expectReady();
    if (name === undefined || !this.#leftOut.has(name)) return;
    throw new ServeError(
      424,
      "Backend",
      `the adapter "${name}" could not be loaded again when the model's process was restarted. The server's log has the reason.`,
    );
  }

  /**
   * Predicts the logits of documents: [documents, labels].
   *
   * @throws TsloraError if the process fails, ServeError 503 while it is started again
   */
  async predict(documents: readonly MixedDocument[]): Promise<Float32Array> {
    this.#expectReady();
    return this.#process.request({ kind: "predict", documents });
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    this.#ready = false;
    await this.#process.stop();
  }

  #expectReady(): void {
    if (this.#ready) return;
    const message = "the model is being loaded again. Try again later.";
    throw new ServeError(503, "Unhealthy", message, { "retry-after": "1" });
  }

  /** Starts the process again each time it ends. */
  async #watch(): Promise<void> {
    const { signal } = this.#ending;
    let pause = FIRST_PAUSE;
    for (;;) {
      const reason = await this.#process.ended;
      this.#ready = false;
      if (signal.aborted) return;
      this.#onChange(`${reason?.message ?? "The model's process ended."} Another one is started.`);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      if (await this.#restart()) pause = FIRST_PAUSE;
      else pause = Math.min(2 * pause, LONGEST_PAUSE);
    }
  }

  async #restart(): Promise<boolean> {
    this.#process = new ModelProcess();
    this.#leftOut.clear();
    try {
      await this.#process.request(this.#load);
      for (const [name, adapter] of this.#adapters) await this.#addAgain(name, adapter);
      this.#ready = true;
      this.#onChange("The model's process is ready again.");
      return true;
    } catch (error) {
      if (!this.#ending.signal.aborted)
        this.#onChange(`The model could not be loaded again: ${asError(error).message}`);
      await this.#process.stop();
      return false;
    }
  }

  /** Adds an adapter to a new process. One that cannot be loaded, or has other files than before, is left out. */
  async #addAgain(name: string, { directory, hash }: HostedAdapter): Promise<void> {
    try {
      if ((await adapterHash(name, directory)) !== hash)
        throw new TsloraError("bad-input", `The files in ${shownPath(directory)} were changed or deleted.`);
      await this.#process.request({ kind: "add", name, directory });
    } catch (error) {
      if (!this.#process.alive) throw error; // no fault of the adapter
      this.#leftOut.add(name);
      this.#onChange(
        `The adapter "${name}" is left out, and requests for it fail: ${asError(error).message} Delete the adapter and add it again, or start the server again.`,
      );
    }
  }
}
