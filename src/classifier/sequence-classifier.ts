import { cellSignal } from "../base/cell-signal";
import { expandHome } from "../base/files/expand-home";
import { TsloraError } from "../base/tslora-error";
import type { Device } from "../device/device";
import type { Adapter } from "../lora/adapter";
import { AdapterSet, DEFAULT_NAME, type AdapterState, type MergeOptions } from "../lora/adapter-set";
import { loadAdapter } from "../lora/load-adapter";
import type { LoraConfig } from "../lora/lora-config";
import type { MergeCheck } from "../lora/merge-check";
import { saveAdapter, type SavedAdapter } from "../lora/save-adapter";
import { addWeightedAdapter, type WeightedAdapterOptions } from "../lora/weighted-adapter";
import type { ClassificationModel } from "../model/classification-model";
import type { ProblemType } from "../model/encoder-config";
import { packDocuments } from "../model/parts/packed-batch";
import type { Parameter } from "../model/parts/parameter";
import { DEFAULT_TOKENS_PER_PASS, type PredictOptions } from "./predict-options";
import { saveModelFolder } from "./save-model-folder";

/** Texts to token ids; what the tokenizer room's `Tokenizer` offers. */
export interface TextTokenizer {
  readonly maxLength: number;
  encode(texts: readonly string[]): readonly { readonly ids: Int32Array; readonly truncated: boolean }[];
}

/** Where a classifier's weights came from. */
export interface ModelOrigin {
  /** The model's name on the Hub, or its folder. */
  readonly id: string;
  readonly directory: string;
  /** The choice and its reason, in a sentence. */
  readonly notice: string;
}

/** Counts of all weights and of the trained ones. */
export interface ParameterCount {
  readonly trainable: number;
  readonly all: number;
}

/**
 * A text classifier as its user holds it: tokenizer, encoder and head, and perhaps LoRA adapters. Made by
 * `loadClassifier`; `dispose` gives its weights back.
 *
 * Each adapter has its own head; one adapter is active at a time. What a call does by `adapterState` (- is an error
 * that says what to do):
 *
 * | call | none | active | disabled | merged |
 * |---|---|---|---|---|
 * | `addAdapter`, `loadAdapter` | adds it, active | adds it, not active | adds it, not active | - |
 * | `addWeightedAdapter` | - | adds it, not active | adds it, not active | - |
 * | `setAdapter` | - | changes the active one | changes the one to be active | - |
 * | `disableAdapter` | - | to disabled | stays | - |
 * | `enableAdapter` | - | stays | to active | - |
 * | `deleteAdapter` | - | takes it off | takes it off | - |
 * | `mergeAdapter` | - | to merged, checked | - | - |
 * | `unmergeAdapter` | - | - | - | to active, weights to the bit |
 * | `unload` | nothing | to none, weights to the bit | the same | the same |
 * | `mergeAndUnload` | - | to none, adapter in the weights | - | to none, adapter in the weights |
 * | `trainAllWeights` | trains the model's own | - | - | - |
 * | training | the model's own, after `trainAllWeights` | the active adapter | - | - |
 * | `predictLogits` | the model | with the active adapter | the model without | with the merged adapter |
 * | `saveAdapter` | - | one adapter | one adapter | one adapter |
 * | `saveModel` | the model | - | the model without | the model with the merged adapter |
 */
export class SequenceClassifier {
  readonly labels: readonly string[];
  /**
   * Whether a text has one of the labels or any number of them: of each row of logits the softmax counts, or each
   * logit's sigmoid.
   */
  readonly problemType: ProblemType;
  readonly model: ClassificationModel;
  readonly tokenizer: TextTokenizer;
  readonly origin: ModelOrigin;
  /** Weights that were newly initialized when the model was loaded, as the checkpoint did not hold them. */
  readonly newlyInitialized: readonly string[];
  readonly seed: number;
  /** Device of the model; undefined is TensorFlow as it is loaded. */
  readonly device: Device | undefined;
  readonly #adapters: AdapterSet;

  constructor(parts: {
    model: ClassificationModel;
    tokenizer: TextTokenizer;
    labels: readonly string[];
    problemType?: ProblemType;
    origin: ModelOrigin;
    newlyInitialized: readonly string[];
    seed: number;
    device?: Device;
  }) {
    this.model = parts.model;
    this.tokenizer = parts.tokenizer;
    this.labels = parts.labels;
    this.problemType = parts.problemType ?? "single_label_classification";
    this.origin = parts.origin;
    this.newlyInitialized = parts.newlyInitialized;
    this.seed = parts.seed;
    this.device = parts.device;
    this.#adapters = new AdapterSet(parts.model, { seed: parts.seed });
  }

  /** The active adapter, if there is one; also while it is disabled or merged. */
  get adapter(): Adapter | undefined {
    return this.#adapters.active;
  }

  /** The active adapter's name. */
  get activeAdapter(): string | undefined {
    return this.#adapters.active?.name;
  }

  /** Names of the adapters on the model, in the order of their coming. */
  get adapterNames(): readonly string[] {
    return this.#adapters.names;
  }

  /** Whether there are adapters, and what the active one does. */
  get adapterState(): AdapterState {
    return this.#adapters.state;
  }

  /**
   * Weights in use that were newly initialized and that since then neither training nor an adapter gave a value. While
   * there are any, results are random: `evaluate` says so in its `notice`; `predict`, merging and `saveModel` are
   * errors. With an adapter that was read and does not bring them, everything but training is an error.
   */
  get untrainedWeights(): readonly string[] {
    return this.#adapters.drawn();
  }

  /** How the classifier is trained: by its adapter, or whole. */
  get method(): "lora" | "full" | "none" {
    if (this.#adapters.state === "active") return "lora";
    return this.trainableParameters().length > 0 ? "full" : "none";
  }

  /**
   * Puts a new LoRA adapter on the model and freezes all else; the adapter owns copies of the head, which it trains
   * with its own weights. Modules that were newly initialized when the model was loaded, such as a pooler that the
   * checkpoint lacks, are trained and saved with it, too, as peft's `modules_to_save`. Logits do not change until it is
   * trained (unless `initLoraWeights` is false).
   *
   * @param options.name - "default" where it is not given
   * @throws TsloraError `bad-option` that lists everything wrong with the configuration.
   */
  addAdapter(config: LoraConfig = {}, options: { name?: string } = {}): Adapter {
    return this.#adapters.add(config, options);
  }

  /**
   * Takes an adapter in peft's format from a folder, or from the folder of its name in it. Returns what of its
   * configuration was passed over: keys that are not known, and entries that mean nothing on this model. If neither the
   * model nor the adapter holds a weight (see `untrainedWeights`), the adapter can be trained, and every other use is
   * an error.
   *
   * @throws TsloraError naming every missing, unexpected or mis-shaped tensor and every option that is not supported.
   */
  async loadAdapter(directory: string, options: { name?: string } = {}): Promise<readonly string[]> {
    const { unknownKeys, idle } = await loadAdapter(this.#adapters, this.model, { directory, ...options });
    return [...unknownKeys, ...idle];
  }

  /**
   * Makes an adapter that is a weighted sum of others, as peft's `add_weighted_adapter`; `setAdapter` makes it active.
   */
  addWeightedAdapter(options: WeightedAdapterOptions): Promise<Adapter> {
    return addWeightedAdapter(this.#adapters, this.model, options);
  }

  /** Makes another adapter the active one, with its head. */
  setAdapter(name: string): void {
    this.#adapters.set(name);
  }

  /** Sets all adapters aside: the model computes as it did before the first one, to the bit, head included. */
  disableAdapter(): void {
    this.#adapters.setEnabled(false);
  }

  /** Takes the active adapter up again. */
  enableAdapter(): void {
    this.#adapters.setEnabled(true);
  }

  /** Takes an adapter off for good. Where it was the active one, the first of the others by name is active then. */
  deleteAdapter(name: string): void {
    this.#adapters.delete(name);
  }

  /**
   * Puts the active adapter into the weights: forward passes no longer compute it apart. Logits before and after are
   * compared on a small fixed batch.
   *
   * @returns what was found; `String(check)` is a sentence
   * @throws TsloraError `bad-input` when a logit differs by more, and where a newly initialized weight is not trained;
   *   the model is then as it was.
   */
  mergeAdapter(options: MergeOptions = {}): Promise<MergeCheck> {
    return this.#adapters.merge(options);
  }

  /** Takes the merged adapter out of the weights, which are then the model's own to the bit. */
  unmergeAdapter(): void {
    this.#adapters.unmerge();
  }

  /** Removes all adapters: the model, head included, is then equal to the bit to what it was before the first one. */
  unload(): void {
    this.#adapters.unload();
  }

  /**
   * Makes the active adapter, head included, part of the model for good, and takes all adapters off. Checked as
   * `mergeAdapter`.
   */
  mergeAndUnload(options: MergeOptions = {}): Promise<MergeCheck> {
    return this.#adapters.mergeAndUnload(options);
  }

  /** Makes every weight trainable: full fine-tuning, as the original study did. */
  trainAllWeights(): void {
    if (this.#adapters.state !== "none")
      throw new TsloraError(
        "bad-input",
        "trainAllWeights: the classifier has an adapter. Call unload first, or mergeAndUnload to train on from it.",
      );
    for (const parameter of this.model.parameters()) parameter.trainable = true;
  }

  /** The weights that training changes: the active adapter's, or the model's own. */
  trainableParameters(): Parameter[] {
    return (this.adapter?.parameters() ?? this.model.parameters()).filter(({ trainable }) => trainable);
  }

  /**
   * How the classifier is trained, for a call that trains it.
   *
   * @throws TsloraError where there is nothing to train, saying what to do about it.
   */
  expectTrainable(call: string): "lora" | "full" {
    this.#adapters.expectNotMerged(call);
    if (this.#adapters.state === "disabled")
      throw new TsloraError("bad-input", `${call}: adapters are disabled. Call enableAdapter first.`);
    const { method } = this;
    if (method === "none")
      throw new TsloraError(
        "bad-input",
        `${call}: there is nothing to train. Put an adapter on with classifier.addAdapter(...), or call classifier.trainAllWeights().`,
      );
    return method;
  }

  /**
   * Counts as peft does: all weights include every adapter's, and the frozen copy that peft keeps of each module it
   * trains whole.
   */
  countParameters(): ParameterCount {
    const size = (parameters: Iterable<Parameter>): number =>
      [...parameters].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    const ofAdapters = this.#adapters.all.reduce(
      (sum, adapter) => sum + size(adapter.parameters()) - size(adapter.biases.values()),
      0,
    ); // biases are trained in place in peft
    return { trainable: size(this.trainableParameters()), all: size(this.model.parameters()) + ofAdapters };
  }

  /** The line that peft's `print_trainable_parameters` prints. */
  trainableParametersLine(): string {
    const { trainable, all } = this.countParameters();
    const grouped = (n: number): string => n.toLocaleString("en-US");
    return `trainable params: ${grouped(trainable)} || all params: ${grouped(all)} || trainable%: ${((100 * trainable) / all).toFixed(4)}`;
  }

  /**
   * Logits of texts, row by row: [texts, labels]. Texts of like length run together, whatever their order; the
   * event loop gets its turn between passes.
   *
   * @throws TsloraError `bad-input` while the active adapter was read and lacks weights that the model does not have.
   */
  async predictLogits(texts: readonly string[], options: PredictOptions = {}): Promise<Float32Array> {
    const { maxTokensPerPass = DEFAULT_TOKENS_PER_PASS, onProgress, signal = cellSignal() } = options;
    this.#adapters.expectNothingMissing("predictLogits");
    const { ops } = this.model;
    const documents = this.tokenizer.encode(texts).map(({ ids }) => ids);
    const byLength = documents.map((_, index) => index).sort((a, b) => documents[a].length - documents[b].length);
    const width = this.labels.length;
    const logits = new Float32Array(texts.length * width);
    for (let done = 0; done < byLength.length;) {
      signal?.throwIfAborted();
      const part: number[] = [];
      for (let tokens = 0; done + part.length < byLength.length;) {
        const next = byLength[done + part.length];
        tokens += documents[next].length;
        if (part.length > 0 && tokens > maxTokensPerPass) break;
        part.push(next);
      }
      const batch = packDocuments(part.map((index) => documents[index]));
      const packed = this.model.predict(batch);
      const values = await ops.read(packed);
      ops.dispose(packed);
      batch.order.forEach((inPart, row) =>
        logits.set(values.subarray(row * width, (row + 1) * width), part[inPart] * width),
      );
      done += part.length;
      onProgress?.(done, byLength.length);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return logits;
  }

  /**
   * Saves an adapter as peft does; Python reads it with `PeftModel.from_pretrained`. Adapters of other names than
   * "default" go to a folder of their name in the given one, as in peft.
   *
   * @param options.name - the active one where it is not given
   * @throws TsloraError `bad-input` for an adapter that was read, lacks weights that the model does not have, and was
   *   not trained since.
   */
  async saveAdapter(directory: string, options: { name?: string } = {}): Promise<SavedAdapter> {
    if (this.adapter === undefined)
      throw new TsloraError(
        "bad-input",
        "saveAdapter: the classifier has no adapter. Put one on with addAdapter, or save all weights with saveModel.",
      );
    const adapter = this.#adapters.get(options.name ?? this.adapter.name, "saveAdapter");
    this.#adapters.expectWhole(adapter, "saveAdapter");
    return saveAdapter(adapter, { directory: expandHome(directory), baseModel: this.origin.id });
  }

  /**
   * Saves all weights as a Hugging Face folder, tokenizer included: what transformers' `from_pretrained` reads, in
   * 32-bit floats. A merged adapter is in them. One weight at a time is read from the device.
   *
   * @param options.allowUntrained - saves newly initialized weights that are not trained, too; the folder does not name
   *   them. False by default
   * @throws TsloraError `bad-input` while an adapter is active that is not merged into the weights, and where a newly
   * initialized weight is not trained.
   */
  async saveModel(directory: string, options: { readonly allowUntrained?: boolean } = {}): Promise<void> {
    if (this.#adapters.state === "active")
      throw new TsloraError(
        "bad-input",
        `saveModel: adapter "${this.activeAdapter ?? DEFAULT_NAME}" would be missing from the weights. Put it into them with mergeAdapter (or mergeAndUnload) first, set it aside with disableAdapter to save the model without it, or save it with saveAdapter.`,
      );
    if (options.allowUntrained !== true) this.#adapters.expectNothingDrawn("saveModel");
    await saveModelFolder(this.model, {
      directory: expandHome(directory),
      source: this.origin.directory,
      labels: this.labels,
      problemType: this.problemType,
      inUse: (own) => this.#adapters.inUse(own),
    });
  }

  /** Gives all weights back to the device. */
  dispose(): void {
    this.#adapters.dispose();
    this.model.dispose();
  }
}
