import type { MixedDocument } from "../../classifier/mixed-predictor";
import { TsloraError } from "../../base/tslora-error";
import type { LoadedModel, LoadMessage, ModelResults } from "./messages";
import { ModelProcess } from "./model-process";

/** Milliseconds between the end of a process and the next start; they double with each failed start. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 30_000;

/**
 * Keeps a process with the model and its adapters running. If the process ends, it starts another one with the same
 * adapters; requests that were being computed fail.
 */
export class ModelHost {
  readonly #load: LoadMessage;
  readonly #folders = new Map<string, string>();
  readonly #onChange: (text: string) => void;
  #process: ModelProcess;
  #ready = false;
  #stopped = false;

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

  /** Adds an adapter. @throws TsloraError that lists everything that does not fit the model; nothing is then added. */
  async add(name: string, directory: string): Promise<ModelResults["add"]> {
    this.#expectReady();
    const added = await this.#process.request({ kind: "add", name, directory });
    this.#folders.set(name, directory);
    return added;
  }

  async remove(name: string): Promise<void> {
    this.#expectReady();
    this.#folders.delete(name);
    await this.#process.request({ kind: "remove", name });
  }

  /** Predicts the logits of documents: [documents, labels]. */
  async predict(documents: readonly MixedDocument[]): Promise<Float32Array> {
    this.#expectReady();
    return this.#process.request({ kind: "predict", documents });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#ready = false;
    await this.#process.stop();
  }

  #expectReady(): void {
    if (!this.#ready) throw new TsloraError("kernel", "The model's process is being started again.");
  }

  /** Starts the process again each time it ends. */
  async #watch(): Promise<void> {
    let pause = FIRST_PAUSE;
    for (;;) {
      const reason = await this.#process.ended;
      this.#ready = false;
      if (this.#stopped) return;
      this.#onChange(`${reason?.message ?? "The model's process ended."} Another one is started.`);
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (this.#stopped) return;
      if (await this.#restart()) pause = FIRST_PAUSE;
      else pause = Math.min(2 * pause, LONGEST_PAUSE);
    }
  }

  async #restart(): Promise<boolean> {
    this.#process = new ModelProcess();
    try {
      await this.#process.request(this.#load);
      for (const [name, directory] of this.#folders) await this.#process.request({ kind: "add", name, directory });
      this.#ready = true;
      this.#onChange("The model's process is ready again.");
      return true;
    } catch (error) {
      if (!this.#stopped)
        this.#onChange(
          `The model could not be loaded again: ${error instanceof Error ? error.message : String(error)}`,
        );
      await this.#process.stop();
      return false;
    }
  }
}
