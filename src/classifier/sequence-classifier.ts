import { TsloraError } from "../base/tslora-error";
import { addAdapter, type Adapter } from "../lora/adapter";
import { loadAdapter } from "../lora/load-adapter";
import { resolveLoraConfig, type LoraConfig } from "../lora/lora-config";
import { saveAdapter, type SavedAdapter } from "../lora/save-adapter";
import type { ClassificationModel } from "../model/classification-model";
import type { ProblemType } from "../model/encoder-config";
import { packDocuments } from "../model/packed-batch";
import type { Parameter } from "../model/parameter";
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
  /** What was taken and why, in a sentence. */
  readonly notice: string;
}

/** How many weights there are and how many are trained. */
export interface ParameterCount {
  readonly trainable: number;
  readonly all: number;
}

/** Options of {@link SequenceClassifier.predictLogits}. */
export interface PredictOptions {
  /**
   * Tokens in one forward pass.
   * @default 4096
   */
  readonly maxTokensPerPass?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * A text classifier as its user holds it: tokenizer, encoder and head, and perhaps a LoRA adapter. Made by
 * `loadClassifier`; `dispose` gives its weights back.
 */
export class SequenceClassifier {
  readonly labels: readonly string[];
  /** Whether a text has one of the labels or any number of them: of each row of logits the softmax counts, or each logit's sigmoid. */
  readonly problemType: ProblemType;
  readonly model: ClassificationModel;
  readonly tokenizer: TextTokenizer;
  readonly origin: ModelOrigin;
  /** Weights that the checkpoint did not hold. */
  readonly newlyInitialized: readonly string[];
  readonly seed: number;
  #adapter: Adapter | undefined;

  constructor(parts: { model: ClassificationModel; tokenizer: TextTokenizer; labels: readonly string[]; problemType?: ProblemType; origin: ModelOrigin; newlyInitialized: readonly string[]; seed: number }) {
    this.model = parts.model;
    this.tokenizer = parts.tokenizer;
    this.labels = parts.labels;
    this.problemType = parts.problemType ?? "single_label_classification";
    this.origin = parts.origin;
    this.newlyInitialized = parts.newlyInitialized;
    this.seed = parts.seed;
  }

  /** The adapter on the model, if there is one. */
  get adapter(): Adapter | undefined {
    return this.#adapter;
  }

  /** How the classifier is trained: by its adapter, or whole. */
  get method(): "lora" | "full" | "none" {
    if (this.#adapter !== undefined) return "lora";
    return this.trainableParameters().length > 0 ? "full" : "none";
  }

  /**
   * Puts a new LoRA adapter on the model and freezes all else but the head. Logits do not change until it is trained.
   *
   * @throws TsloraError `bad-option` that lists everything wrong with the configuration.
   */
  addAdapter(config: LoraConfig = {}): Adapter {
    this.#expectNoAdapter();
    this.#adapter = addAdapter(this.model, { config: resolveLoraConfig(config, this.model.config), seed: this.seed });
    return this.#adapter;
  }

  /** Takes an adapter in peft's format from a folder. Returns keys of its configuration that were passed over. */
  async loadAdapter(directory: string): Promise<readonly string[]> {
    this.#expectNoAdapter();
    const { adapter, unknownKeys } = await loadAdapter(this.model, { directory });
    this.#adapter = adapter;
    return unknownKeys;
  }

  /** Makes every weight trainable: full fine-tuning, as the original study did. */
  trainAllWeights(): void {
    this.#expectNoAdapter();
    for (const parameter of this.model.parameters()) parameter.trainable = true;
  }

  /** The weights that training changes. */
  trainableParameters(): Parameter[] {
    return (this.#adapter?.parameters() ?? this.model.parameters()).filter(({ trainable }) => trainable);
  }

  /** Counts as peft does: all weights include the frozen copy that peft keeps of each layer it trains whole. */
  countParameters(): ParameterCount {
    const size = (parameters: readonly Parameter[]): number => parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    return { trainable: size(this.trainableParameters()), all: size(this.model.parameters()) + (this.#adapter === undefined ? 0 : size(this.#adapter.parameters())) };
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
   */
  async predictLogits(texts: readonly string[], options: PredictOptions = {}): Promise<Float32Array> {
    const { maxTokensPerPass = 4096, onProgress, signal } = options;
    const { ops } = this.model;
    const documents = this.tokenizer.encode(texts).map(({ ids }) => ids);
    const byLength = documents.map((_, index) => index).sort((a, b) => documents[a].length - documents[b].length);
    const width = this.labels.length;
    const logits = new Float32Array(texts.length * width);
    for (let done = 0; done < byLength.length; ) {
      signal?.throwIfAborted();
      const part: number[] = [];
      for (let tokens = 0; done + part.length < byLength.length; ) {
        const next = byLength[done + part.length];
        tokens += documents[next].length;
        if (part.length > 0 && tokens > maxTokensPerPass) break;
        part.push(next);
      }
      const batch = packDocuments(part.map((index) => documents[index]));
      const packed = this.model.predict(batch);
      const values = await ops.read(packed);
      ops.dispose(packed);
      batch.order.forEach((inPart, row) => logits.set(values.subarray(row * width, (row + 1) * width), part[inPart] * width));
      done += part.length;
      onProgress?.(done, byLength.length);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return logits;
  }

  /** Saves the adapter as peft does; Python reads it with `PeftModel.from_pretrained`. */
  async saveAdapter(directory: string): Promise<SavedAdapter> {
    if (this.#adapter === undefined) throw new TsloraError("bad-input", "saveAdapter: the classifier has no adapter. Put one on with addAdapter, or save all weights with saveModel.");
    return saveAdapter(this.#adapter, { directory, baseModel: this.origin.id });
  }

  /**
   * Saves all weights as a Hugging Face folder, tokenizer included: what transformers' `from_pretrained` reads, in
   * 32-bit floats. One weight at a time is read from the device.
   *
   * @throws TsloraError `bad-input` while an adapter is on the model that is not merged into its weights.
   */
  async saveModel(directory: string): Promise<void> {
    if (this.#adapter !== undefined) throw new TsloraError("bad-input", "saveModel: an adapter is on the model, and its part would be missing from the weights. Save it with saveAdapter, or put it into the weights with mergeAndUnload first.");
    await saveModelFolder(this.model, { directory, source: this.origin.directory, labels: this.labels, problemType: this.problemType });
  }

  /** Gives all weights back to the device. */
  dispose(): void {
    this.#adapter?.dispose();
    this.#adapter = undefined;
    this.model.dispose();
  }

  #expectNoAdapter(): void {
    if (this.#adapter !== undefined) throw new TsloraError("bad-input", "The classifier has an adapter already. Load the classifier anew to start from the base weights.");
  }
}
