import { TsloraError } from "../base/tslora-error";
import { shareAdapter, type Sharing } from "../lora/shared-adapter";
import { packDocuments, type TokenDocument } from "../model/parts/packed-batch";
import type { ModelChanges, Segment } from "../model/parts/pass";
import type { SequenceClassifier } from "./sequence-classifier";

/** A document, and the adapter that classifies it. */
export interface MixedDocument {
  readonly document: TokenDocument;
  /** Name of the adapter; undefined for the model without one. */
  readonly adapter?: string | undefined;
}

/** An adapter that was added to a {@link MixedPredictor}. */
export interface AddedAdapter {
  /** Parts of its configuration that were ignored. */
  readonly ignored: readonly string[];
  /** Whether the adapter was trained on pairs of texts. */
  readonly takesPairs: boolean;
  /** The reason why it needs forward passes of its own; undefined if it shares passes with other adapters. */
  readonly alone: string | undefined;
}

/**
 * Predicts documents of many adapters in one forward pass. The products with the model's own weights are computed once
 * for all documents; the low-rank update of an adapter is added to the rows of its documents. Results equal those of
 * the classifier with one adapter, up to rounding. An adapter that changes what all documents share, such as an
 * embedding table, gets a forward pass of its own.
 *
 * The predictor owns the classifier, whose adapters are disabled between passes.
 */
export class MixedPredictor {
  readonly #classifier: SequenceClassifier;
  readonly #sharing = new Map<string, Sharing>();

  constructor(classifier: SequenceClassifier) {
    this.#classifier = classifier;
  }

  /** Whether the model can classify without an adapter: none of its weights is newly initialized. */
  get hasTrainedBase(): boolean {
    return this.#classifier.model.parameters().every(({ drawn }) => !drawn);
  }

  get adapterNames(): readonly string[] {
    return [...this.#sharing.keys()];
  }

  /**
   * Loads an adapter in peft's format.
   *
   * @throws TsloraError that names everything that does not fit the model; the predictor is then unchanged.
   */
  async add(name: string, directory: string): Promise<AddedAdapter> {
    const classifier = this.#classifier;
    const ignored = await classifier.loadAdapter(directory, { name, severalBiases: true });
    if (classifier.adapterState === "active") classifier.disableAdapter();
    try {
      const adapter = classifier.checkedAdapter(name, "loadAdapter");
      const sharing = shareAdapter(classifier.model, adapter);
      this.#sharing.set(name, sharing);
      const alone = sharing.kind === "alone" ? sharing.because : undefined;
      return { ignored, takesPairs: adapter.takesPairs, alone };
    } catch (error) {
      classifier.deleteAdapter(name);
      throw error;
    }
  }

  /** @throws TsloraError `not-found` if there is no adapter of this name. */
  remove(name: string): void {
    this.#classifier.deleteAdapter(name);
    const sharing = this.#sharing.get(name);
    if (sharing?.kind === "shared") sharing.dispose();
    this.#sharing.delete(name);
  }

  /** Logits in the order of the documents, row by row: [documents, labels]. */
  async predict(documents: readonly MixedDocument[]): Promise<Float32Array> {
    const { numLabels: width } = this.#classifier.model;
    const logits = new Float32Array(documents.length * width);
    for (const { adapter, indices } of this.#passes(documents)) {
      const part = indices.map((index) => documents[index]);
      const { values, order } = await (adapter === undefined ? this.#shared(part) : this.#alone(part, adapter));
      order.forEach((inPart, row) =>
        logits.set(values.subarray(row * width, (row + 1) * width), indices[inPart] * width),
      );
    }
    return logits;
  }

  dispose(): void {
    for (const name of this.adapterNames) this.remove(name);
    this.#classifier.dispose();
  }

  /** Plans one pass for all documents that can share it, and one for each adapter that needs its own. */
  #passes(documents: readonly MixedDocument[]): { adapter: string | undefined; indices: number[] }[] {
    const passes = new Map<string | undefined, number[]>();
    documents.forEach(({ adapter }, index) => {
      const alone = adapter !== undefined && this.#of(adapter).kind === "alone" ? adapter : undefined;
      const indices = passes.get(alone);
      if (indices === undefined) passes.set(alone, [index]);
      else indices.push(index);
    });
    return [...passes].map(([adapter, indices]) => ({ adapter, indices }));
  }

  async #shared(documents: readonly MixedDocument[]): Promise<PassResult> {
    const names = [...new Set(documents.map(({ adapter }) => adapter))];
    const keys = documents.map(({ adapter }) => names.indexOf(adapter));
    const changes = names.map((name) => this.#changes(name));
    const isPlain = changes.every((change) => change === undefined);
    const segments = names.map((_, key): Segment => {
      const own = documents.filter((_document, i) => keys[i] === key);
      const rows = own.reduce((sum, { document }) => sum + document.ids.length, 0);
      return { rows, documents: own.length, changes: changes[key] };
    });
    return this.#run(documents, isPlain ? {} : { keys, segments });
  }

  async #alone(documents: readonly MixedDocument[], adapter: string): Promise<PassResult> {
    const classifier = this.#classifier;
    classifier.setAdapter(adapter);
    classifier.enableAdapter();
    try {
      return await this.#run(documents, {});
    } finally {
      classifier.disableAdapter();
    }
  }

  async #run(
    documents: readonly MixedDocument[],
    { keys, segments }: { keys?: readonly number[]; segments?: readonly Segment[] },
  ): Promise<PassResult> {
    const { model } = this.#classifier;
    const batch = packDocuments(
      documents.map(({ document }) => document),
      { keys },
    );
    const packed = model.predict(batch, { segments });
    try {
      return { values: await model.ops.read(packed), order: batch.order };
    } finally {
      model.ops.dispose(packed);
    }
  }

  #of(name: string): Sharing {
    const sharing = this.#sharing.get(name);
    if (sharing === undefined) throw new TsloraError("not-found", `predict: there is no adapter "${name}".`);
    return sharing;
  }

  #changes(name: string | undefined): ModelChanges | undefined {
    const sharing = name === undefined ? undefined : this.#of(name);
    return sharing?.kind === "shared" ? sharing.changes : undefined;
  }
}

/** Logits of a pass [documents, labels] in the packed order. */
interface PassResult {
  readonly values: Float32Array;
  readonly order: readonly number[];
}
