import { cellSignal } from "../base/cell-signal";
import type { TextInput } from "../base/text-input";
import { expandHome } from "../base/files/expand-home";
import { TsloraError } from "../base/tslora-error";
import { countParameters, trainableParametersLine, type ParameterCount } from "./parameter-count";
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
import { expectFloat32 } from "../model/int8-weights";
import type { TokenDocument } from "../model/parts/packed-batch";
import type { Parameter } from "../model/parts/parameter";
import { copyTokenizerFiles } from "./copy-tokenizer-files";
import { encodeTexts, expectPairs, type TextTokenizer } from "./encode-texts";
import { expectTrainable } from "./expect-trainable";
import { mergedCard } from "./merged-card";
import type { ModelOrigin } from "./model-origin";
import { predictDocuments } from "./predict-documents";
import { DEFAULT_TOKENS_PER_PASS, type PredictOptions } from "./predict-options";
import { saveModelFolder } from "./save-model-folder";
import { methodOf, type TrainingMethod } from "./training-method";

export type { TextTokenizer } from "./encode-texts";
export type { ModelOrigin } from "./model-origin";

/**
 * A text classifier: tokenizer, encoder, head and LoRA adapters. `loadClassifier` makes one; `dispose` frees its
 * weights.
 *
 * Each adapter has its own head; one adapter is active at a time. The effect of each call depends on `adapterState`
 * ("-" is an error with advice):
 *
 * | call | none | active | disabled | merged |
 * |---|---|---|---|---|
 * | `addAdapter`, `loadAdapter` | adds it as active | adds it, not active | adds it, not active | - |
 * | `addWeightedAdapter` | - | adds it, not active | adds it, not active | - |
 * | `setAdapter` | - | changes the active one | changes the one that `enableAdapter` enables | - |
 * | `disableAdapter` | - | to disabled | stays | - |
 * | `enableAdapter` | - | stays | to active | - |
 * | `deleteAdapter` | - | deletes it | deletes it | - |
 * | `mergeAdapter` | - | to merged, checked | - | - |
 * | `unmergeAdapter` | - | - | - | to active, weights restored bit for bit |
 * | `unload` | nothing | to none, weights as before, bit for bit | the same | the same |
 * | `mergeAndUnload` | - | to none, adapter merged | - | to none, adapter merged |
 * | `trainAllWeights` | makes all weights trainable | - | - | - |
 * | `trainHead` | makes the head alone trainable | - | - | - |
 * | training | all weights, or the head | the active adapter | - | - |
 * | `predictLogits` | the model | with the active adapter | the model without it | with the merged adapter |
 * | `saveAdapter` | - | one adapter | one adapter | one adapter |
 * | `saveModel` | the model | - | the model without it | the model with the merged adapter |
 */
export class SequenceClassifier {
  readonly labels: readonly string[];
  /**
   * Whether a text has exactly one label (softmax of each row of logits) or any number of them (sigmoid of each logit).
   */
  readonly problemType: ProblemType;
  readonly model: ClassificationModel;
  readonly tokenizer: TextTokenizer;
  readonly origin: ModelOrigin;
  /** Weights that loading newly initialized, since the checkpoint lacks them. */
  readonly newlyInitialized: readonly string[];
  readonly seed: number;
  /** Device of the model. Undefined means the device of the loaded TensorFlow. */
  readonly device: Device | undefined;
  readonly #adapters: AdapterSet;
  readonly #freeFunctions: (() => void) | undefined;
  #modelTakesPairs: boolean;
  #merged: Adapter["config"] | undefined; // of the adapter that the model's own weights hold

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
    this.#modelTakesPairs = parts.model.config.textPair === true;
    this.#freeFunctions = parts.model.ops.recording?.scope();
    this.#adapters = new AdapterSet(parts.model, { seed: parts.seed });
  }

  /** The active adapter, if there is one, even while it is disabled or merged. */
  get adapter(): Adapter | undefined {
    return this.#adapters.active;
  }

  /** The active adapter's name. */
  get activeAdapter(): string | undefined {
    return this.#adapters.active?.name;
  }

  /** Names of the model's adapters, in the order in which they were added. */
  get adapterNames(): readonly string[] {
    return this.#adapters.names;
  }

  /** Whether there are adapters, and the state of the active one. */
  get adapterState(): AdapterState {
    return this.#adapters.state;
  }

  /**
   * Weights in use that are still as newly initialized. While there are any, results are random: `evaluate` says so in
   * its `notice`, and `predict`, merging and `saveModel` are errors; if a read adapter lacks them too, so is
   * `evaluate`.
   */
  get untrainedWeights(): readonly string[] {
    return this.#adapters.untrainedWeights;
  }

  /** Whether the weights in use were trained on pairs of texts; then a single text is an error. Files remember it. */
  get takesPairs(): boolean {
    return this.#adapters.enabledAdapter?.takesPairs ?? this.#modelTakesPairs;
  }

  set takesPairs(takesPairs: boolean) {
    const { enabledAdapter } = this.#adapters;
    if (enabledAdapter === undefined) this.#modelTakesPairs = takesPairs;
    else enabledAdapter.takesPairs = takesPairs;
  }

  /** The weights that training changes: adapter, head or all; "none" while adapters are disabled or merged. */
  get method(): TrainingMethod | "none" {
    return this.#adapters.state === "active" ? "lora" : methodOf(this.trainableParameters(), this.model);
  }

  /**
   * Adds a new LoRA adapter to the model and freezes all other weights. The adapter owns a copy of the head and trains
   * it too. Newly initialized modules, such as a pooler that the checkpoint lacks, are trained and saved with the
   * adapter, like peft's `modules_to_save`. Logits do not change until it is trained (unless `initLoraWeights` is
   * false).
   *
   * @param options.name - name of the adapter, by default "default"
   * @throws TsloraError `bad-option` that lists everything wrong with the configuration.
   */
  addAdapter(config: LoraConfig = {}, options: { name?: string } = {}): Adapter {
    return this.#adapters.add(config, options);
  }

  /**
   * Loads an adapter in peft's format from a folder, or from its subfolder with the adapter's name. Returns the ignored
   * parts of its configuration: unknown keys, and entries that have no effect on this model. If neither the model nor
   * the adapter holds a weight (see `untrainedWeights`), the adapter can be trained, but every other use is an error.
   *
   * @throws TsloraError naming every missing, unexpected or mis-shaped tensor and every option that is not supported.
   */
  async loadAdapter(
    directory: string,
    options: { name?: string; /** @internal */ severalBiases?: boolean } = {},
  ): Promise<readonly string[]> {
    const { unknownKeys, idle } = await loadAdapter(this.#adapters, this.model, { directory, ...options });
    return [...unknownKeys, ...idle];
  }

  /**
   * Adds an adapter that is a weighted sum of others, as peft's `add_weighted_adapter`. `setAdapter` makes it active.
   */
  addWeightedAdapter(options: WeightedAdapterOptions): Promise<Adapter> {
    return addWeightedAdapter(this.#adapters, this.model, options);
  }

  /** An adapter by its name; an error if there is none, or it lacks weights that the model lacks too. @internal */
  checkedAdapter(name: string, call: string): Adapter {
    const adapter = this.#adapters.get(name, call);
    this.#adapters.expectAdapterComplete(adapter, call);
    return adapter;
  }

  /** Replaces the active adapter with another one of the same name, for `initializeLoraEvaWeights`. @internal */
  replaceAdapter(adapter: Adapter): Adapter {
    return this.#adapters.replace(adapter);
  }

  /** Makes another adapter active, with its head. */
  setAdapter(name: string): void {
    this.#adapters.set(name);
  }

  /** Disables all adapters. The model, including its head, computes bit for bit as before the first adapter. */
  disableAdapter(): void {
    this.#adapters.setEnabled(false);
  }

  /** Enables the active adapter again. */
  enableAdapter(): void {
    this.#adapters.setEnabled(true);
  }

  /** Deletes an adapter. If it was active, the first of the others by name becomes active. */
  deleteAdapter(name: string): void {
    this.#adapters.delete(name);
  }

  /**
   * Merges the active adapter into the weights, so forward passes no longer compute it separately. Compares logits
   * before and after on a small fixed batch.
   *
   * @returns the comparison; `String(check)` is a sentence
   * @throws TsloraError `bad-input` if a logit differs by more than the bound, or a newly initialized weight is not
   *   trained; the model is then unchanged.
   */
  mergeAdapter(options: MergeOptions = {}): Promise<MergeCheck> {
    return this.#adapters.merge(options);
  }

  /** Unmerges the adapter. The weights are then bit for bit the model's own. */
  unmergeAdapter(): void {
    this.#adapters.unmerge();
  }

  /** Removes all adapters. The model, including its head, is then bit for bit as before the first one. */
  unload(): void {
    this.#adapters.unload();
  }

  /**
   * Merges the active adapter, including its head, permanently into the model, and removes all adapters. Checks the
   * logits as `mergeAdapter` does.
   */
  async mergeAndUnload(options: MergeOptions = {}): Promise<MergeCheck> {
    const { adapter } = this;
    const takesPairs = adapter?.takesPairs === true;
    const check = await this.#adapters.mergeAndUnload(options);
    this.#modelTakesPairs = takesPairs;
    this.#merged = adapter?.config;
    return check;
  }

  /** Makes every weight trainable: full fine-tuning, as the original study did. */
  trainAllWeights(): void {
    this.#trainOwn("trainAllWeights", this.model.parameters());
  }

  /**
   * Makes the head alone trainable, with BERT's pooler; the encoder stays as it is. With `frozenPrefixDropout: false`,
   * `train` computes the encoder once for each text, and an epoch takes milliseconds.
   */
  trainHead(): void {
    this.#trainOwn("trainHead", this.model.headParameters());
  }

  #trainOwn(call: string, trained: readonly Parameter[]): void {
    if (this.#adapters.state !== "none")
      throw new TsloraError(
        "bad-input",
        `${call}: the classifier has an adapter. Call unload first, or mergeAndUnload to continue training from it.`,
      );
    for (const parameter of this.model.parameters()) parameter.trainable = trained.includes(parameter);
    this.#merged = undefined; // training changes what was merged
  }

  /** The weights that training changes: the active adapter's, or the model's own. */
  trainableParameters(): Parameter[] {
    return (this.adapter?.parameters() ?? this.model.parameters()).filter(({ trainable }) => trainable);
  }

  /**
   * The training method, for a call that trains the classifier.
   *
   * @throws TsloraError if there is nothing to train, with advice.
   */
  expectTrainable(call: string): TrainingMethod {
    this.#adapters.expectNotMerged(call);
    return expectTrainable(call, this);
  }

  /**
   * Counts as peft does: all weights include those of every adapter, and the frozen copy that peft keeps of each fully
   * trained module.
   */
  countParameters(): ParameterCount {
    const { all } = this.#adapters;
    return countParameters(this.model.parameters(), { adapters: all, trainable: this.trainableParameters() });
  }

  /** The line that peft's `print_trainable_parameters` prints. */
  trainableParametersLine(): string {
    return trainableParametersLine(this.countParameters());
  }

  /**
   * Tokenizes texts, or pairs of texts, for the model.
   *
   * @throws TsloraError `bad-input` if the model has no embedding for a token's type.
   */
  encode(texts: readonly TextInput[]): TokenDocument[] {
    return encodeTexts(texts, {
      tokenizer: this.tokenizer,
      typeVocabSize: this.model.config.typeVocabSize,
      model: this.origin.id,
    });
  }

  /**
   * Predicts the logits of texts, or of pairs of texts, one row per text: [texts, labels]. Rows are in the order of
   * `texts`; texts of similar length share a forward pass. The event loop runs between passes.
   *
   * @throws TsloraError `bad-input` if the active adapter was read from files and lacks weights that the model lacks
   *   too, or a text is single and the weights were trained on pairs.
   */
  async predictLogits(texts: readonly TextInput[], options: PredictOptions = {}): Promise<Float32Array> {
    const { maxTokensPerPass = DEFAULT_TOKENS_PER_PASS, onProgress, signal = cellSignal(), prefixCache } = options;
    this.#adapters.expectEnabledComplete("predictLogits");
    if (this.takesPairs) expectPairs(texts);
    return predictDocuments(this.model, this.encode(texts), { maxTokensPerPass, onProgress, signal, prefixCache });
  }

  /**
   * Saves an adapter as peft does, with the tokenizer's files as transformers' Trainer; Python reads it with
   * `PeftModel.from_pretrained`. As in peft, an adapter not named "default" is saved in a subfolder with its name.
   *
   * @param options.name - name of the adapter, by default the active one
   * @throws TsloraError `bad-input` if the adapter was read from files, lacks weights that the model lacks too, and was
   *   not trained since.
   */
  async saveAdapter(directory: string, options: { name?: string } = {}): Promise<SavedAdapter> {
    if (this.adapter === undefined)
      throw new TsloraError(
        "bad-input",
        "saveAdapter: the classifier has no adapter. Add one with addAdapter, or save all weights with saveModel.",
      );
    return saveAdapter(this.checkedAdapter(options.name ?? this.adapter.name, "saveAdapter"), {
      directory: expandHome(directory),
      baseModel: this.origin.id,
      besides: (folder) => copyTokenizerFiles(this.origin.directory, folder),
    });
  }

  /**
   * Saves all weights and the tokenizer as a Hugging Face folder, for transformers' `from_pretrained`, in 32-bit
   * floats. They include a merged adapter, which the model card, README.md, then describes if the folder has none.
   *
   * @param options.allowUntrained - also saves newly initialized weights that are not trained; the folder does not list
   *   them. False by default
   * @throws TsloraError `bad-input` if the active adapter is not merged into the weights, or a newly initialized weight
   *   is not trained.
   */
  async saveModel(directory: string, options: { readonly allowUntrained?: boolean } = {}): Promise<void> {
    if (this.#adapters.state === "active")
      throw new TsloraError(
        "bad-input",
        `saveModel: adapter "${this.activeAdapter ?? DEFAULT_NAME}" would be missing from the weights. Merge it with mergeAdapter (or mergeAndUnload) first, disable it with disableAdapter to save the model without it, or save it with saveAdapter.`,
      );
    if (options.allowUntrained !== true) this.#adapters.expectAllTrained("saveModel");
    await saveModelFolder(this.model, {
      directory: expandHome(directory),
      source: this.origin.directory,
      labels: this.labels,
      problemType: this.problemType,
      takesPairs: this.takesPairs,
      card: mergedCard(this, this.#adapters.state === "merged" ? this.adapter?.config : this.#merged),
      inUse: (own) => this.#adapters.inUse(own),
    });
  }

  /**
   * Returns a function from each of the model's own weights to the weight in use, such as a merged one.
   *
   * @throws TsloraError `bad-input` if a newly initialized weight is not trained, or weights are in 8 bits.
   * @internal
   */
  checkedWeightsInUse(call: string): (own: Parameter) => Parameter {
    this.#adapters.expectAllTrained(call);
    expectFloat32(this.model, call);
    return (own) => this.#adapters.inUse(own);
  }

  /** The weight in use for one of the model's own, without a check. @internal */
  inUse(own: Parameter): Parameter {
    return this.#adapters.inUse(own);
  }

  /** Frees all weights, and the graph functions recorded for them. */
  dispose(): void {
    this.#adapters.dispose();
    this.model.dispose();
    this.#freeFunctions?.();
  }
}
