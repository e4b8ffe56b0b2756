import type { Ops } from "../ops/ops";
import type { Tensor } from "../ops/tensor";
import type { ClassificationHead, HeadSaved } from "./parts/classification-head";
import type { Embeddings, EmbeddingsInput, EmbeddingsSaved } from "./parts/embeddings";
import type { EncoderConfig } from "./encoder-config";
import type { EncoderLayer, LayerPlan, LayerSaved } from "./parts/encoder-layer";
import type { Linear } from "./parts/linear";
import type { Norm } from "./parts/norm";
import type { PackedBatch } from "./parts/packed-batch";
import type { Parameter } from "./parts/parameter";
import type { BackwardPass, ForwardPass } from "./parts/pass";
import { robertaPositions } from "./parts/roberta-positions";

/** A training forward pass that waits for its backward pass. Its owner calls `release` once. */
export interface TrainingForward {
  /** [documents, labels], in the packed order. */
  readonly logits: Tensor;
  /** Disposes of every kept tensor, including the logits. */
  release(): void;
  /** @internal */
  readonly state: {
    plans: readonly LayerPlan[];
    input: EmbeddingsInput;
    embeddings?: EmbeddingsSaved;
    layers: readonly (LayerSaved | undefined)[];
    head: HeadSaved;
  };
}

/** A BERT, DistilBERT or RoBERTa encoder with a head for sequence classification: the owner of its weights. */
export class ClassificationModel {
  constructor(
    readonly ops: Ops,
    readonly config: EncoderConfig,
    readonly modules: {
      readonly embeddings: Embeddings;
      readonly layers: readonly EncoderLayer[];
      readonly head: ClassificationHead;
    },
  ) {}

  /** Number of classes of the head. */
  get numLabels(): number {
    return this.modules.head.modules.classifier.outFeatures;
  }

  /** Every linear layer, from the first layer to the classifier. */
  linears(): Linear[] {
    const { layers, head } = this.modules;
    const inLayers = layers.flatMap(({ modules: m }) => [
      m.query,
      m.key,
      m.value,
      m.attentionOutput,
      m.intermediate,
      m.output,
    ]);
    return [...inLayers, head.modules.dense, head.modules.classifier];
  }

  /** Every layer normalisation, from the embeddings' to the last layer's. */
  norms(): Norm[] {
    const { embeddings, layers } = this.modules;
    return [embeddings.modules.norm, ...layers.flatMap(({ modules: m }) => [m.attentionNorm, m.outputNorm])];
  }

  /** Every weight of the model, without adapters. */
  parameters(): Parameter[] {
    const { embeddings, layers, head } = this.modules;
    const e = embeddings.modules;
    const inLayers = layers.flatMap(({ modules: m }) =>
      [m.query, m.key, m.value, m.attentionOutput, m.intermediate, m.output]
        .flatMap((l) => [l.weight, l.bias])
        .concat([m.attentionNorm, m.outputNorm].flatMap((n) => [n.gamma, n.beta])),
    );
    const ofHead = [head.modules.dense, head.modules.classifier].flatMap((l) => [l.weight, l.bias]);
    return [
      e.words,
      e.positions,
      ...(e.types === undefined ? [] : [e.types]),
      e.norm.gamma,
      e.norm.beta,
      ...inLayers,
      ...ofHead,
    ];
  }

  /** Logits for a batch, [documents, labels] in the packed order. The caller disposes of them. */
  predict(batch: PackedBatch): Tensor {
    const { ops } = this;
    const pass: ForwardPass = { kind: "evaluation", ops };
    return ops.tidy(() => {
      const at = this.#inputs(batch);
      let x = ops.tidy(() => this.modules.embeddings.forward(pass, at).y);
      this.modules.layers.forEach((layer, i) => {
        const next = ops.tidy(() => layer.forward(pass, x, this.#plan(batch, { layer: i, firstRows: at.firstRows })).y);
        ops.dispose(x);
        x = next;
      });
      return this.modules.head.forward(pass, x).y;
    });
  }

  /** The forward half of a training step. Keeps only the tensors that the backward pass needs. */
  forward(pass: ForwardPass & { kind: "training" }, batch: PackedBatch): TrainingForward {
    const { ops } = this;
    const { embeddings, layers, head } = this.modules;
    const lowest = this.#lowestTrainable();
    const kept = ops.escape(() => {
      const at = this.#inputs(batch);
      const input = { ids: at.ids, positions: at.positions, notPad: lowest < 0 ? this.#notPad(batch) : undefined };
      const embedded = embeddings.forward(pass, input);
      let x = embedded.y;
      const plans: LayerPlan[] = [];
      const saved: (LayerSaved | undefined)[] = [];
      layers.forEach((layer, i) => {
        const plan = this.#plan(batch, { layer: i, firstRows: at.firstRows });
        plans.push(plan);
        if (i < lowest) {
          const next = ops.tidy(() => layer.forward(pass, x, plan).y);
          ops.dispose(x);
          x = next;
          saved.push(undefined);
        } else {
          const done = layer.forward(pass, x, plan);
          x = done.y;
          saved.push(done.saved);
        }
      });
      const out = head.forward(pass, x);
      const state = {
        plans,
        input,
        embeddings: lowest < 0 ? embedded.saved : undefined,
        layers: saved,
        head: out.saved,
      };
      return { logits: out.y, state };
    });
    return { ...kept, release: () => ops.disposeIn(kept) };
  }

  /**
   * The backward half: the gradient of every trainable weight.
   *
   * @param dLogits - [documents, labels], in the packed order
   */
  backward(pass: BackwardPass, dLogits: Tensor, forward: TrainingForward): void {
    const { ops } = pass;
    const { embeddings, layers, head } = this.modules;
    const { state } = forward;
    const lowest = this.#lowestTrainable();
    ops.tidy(() => {
      let dx = head.backward(pass, dLogits, { saved: state.head, needsInput: lowest < layers.length });
      for (let i = layers.length - 1; i >= Math.max(lowest, 0) && dx !== undefined; i--) {
        const saved = state.layers[i];
        if (saved === undefined) break;
        const dy: Tensor = dx;
        dx = layers[i].backward(pass, dy, { saved, plan: state.plans[i], needsInput: i > lowest });
        ops.dispose(dy);
      }
      if (lowest < 0 && dx !== undefined && state.embeddings !== undefined)
        embeddings.backward(pass, dx, { saved: state.embeddings, ...state.input });
    });
  }

  dispose(): void {
    const { embeddings, layers, head } = this.modules;
    embeddings.dispose();
    for (const layer of layers) layer.dispose();
    head.dispose();
  }

  /**
   * Lowest module that is trained, where the backward pass ends: -1 for the embeddings, i for layer i, the number of
   * layers for the head.
   */
  #lowestTrainable(): number {
    const { embeddings, layers } = this.modules;
    if (embeddings.hasTrainables) return -1;
    const layer = layers.findIndex(({ hasTrainables }) => hasTrainables);
    return layer < 0 ? layers.length : layer;
  }

  #plan(batch: PackedBatch, { layer, firstRows }: { layer: number; firstRows: Tensor }): LayerPlan {
    // After the last layer only the first token is used.
    return {
      groups: batch.groups,
      span: layer === this.modules.layers.length - 1 ? "first-token" : "every-token",
      firstRows,
    };
  }

  #inputs(batch: PackedBatch): { ids: Tensor; positions: Tensor; firstRows: Tensor } {
    const { ops, config } = this;
    const positions = config.modelType === "roberta" ? robertaPositions(batch, config) : batch.positions;
    return {
      ids: ops.int(batch.ids, [batch.ids.length]),
      positions: ops.int(positions, [positions.length]),
      firstRows: ops.int(batch.firstRows, [batch.firstRows.length]),
    };
  }

  /**
   * 0 for each pad token, else 1, [rows, 1]. Undefined if there is no pad token, the usual case: batches are not
   * padded.
   */
  #notPad({ ids }: PackedBatch): Tensor | undefined {
    const { padTokenId } = this.config;
    if (padTokenId === undefined || !ids.includes(padTokenId)) return undefined;
    return this.ops.float(
      Float32Array.from(ids, (id) => Number(id !== padTokenId)),
      [ids.length, 1],
    );
  }
}
