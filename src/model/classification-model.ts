import type { Ops } from "../ops/ops";
import type { Tensor } from "../ops/tensor";
import { layerAt, layerCounts, type EncoderConfig } from "./encoder-structure";
import type { Head, HeadSaved } from "./heads/head";
import type { Embeddings, EmbeddingsInput, EmbeddingsSaved } from "./parts/embeddings";
import type { EncoderLayer, LayerSaved } from "./parts/encoder-layer";
import type { LayerPlan } from "./parts/layer-plan";
import type { Linear } from "./parts/linear";
import type { Norm } from "./parts/norm";
import type { PackedBatch } from "./parts/packed-batch";
import type { Parameter } from "./parts/parameter";
import type { BackwardPass, ForwardPass } from "./parts/pass";
import { positionIds } from "./parts/position-ids";

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

/** An encoder with a head for sequence classification: the owner of its weights. */
export class ClassificationModel {
  /** The layers in the order in which they run; shared layers run more than once. */
  readonly #steps: readonly EncoderLayer[];

  constructor(
    readonly ops: Ops,
    readonly config: EncoderConfig,
    readonly modules: {
      readonly embeddings: Embeddings;
      /** Each layer with weights of its own. */
      readonly layers: readonly EncoderLayer[];
      readonly head: Head;
    },
  ) {
    this.#steps = Array.from({ length: layerCounts(config).run }, (_, step) => modules.layers[layerAt(config, step)]);
  }

  /** Number of classes of the head. */
  get numLabels(): number {
    return this.modules.head.modules.classifier.outFeatures;
  }

  /** Every linear layer, from the embeddings to the classifier. */
  linears(): Linear[] {
    const { embeddings, layers, head } = this.modules;
    return [...embeddings.linears, ...layers.flatMap(({ linears }) => linears), ...head.linears];
  }

  /** Every layer normalisation, from the embeddings' to the head's. */
  norms(): Norm[] {
    const { embeddings, layers, head } = this.modules;
    return [embeddings.modules.norm, ...layers.flatMap(({ norms }) => norms), ...head.norms];
  }

  /** Every embedding's weight. */
  tables(): Parameter[] {
    return [...this.modules.embeddings.tables];
  }

  /** Every weight of the model, without adapters. */
  parameters(): Parameter[] {
    const { embeddings, layers, head } = this.modules;
    return [
      ...this.tables(),
      ...embeddings.modules.norm.parameters,
      ...embeddings.linears.flatMap(({ parameters }) => parameters),
      ...[...layers, head].flatMap(({ linears, norms }) =>
        [...linears, ...norms].flatMap(({ parameters }) => parameters),
      ),
    ];
  }

  /**
   * Logits for a batch, [documents, labels] in the packed order. The caller disposes of them.
   *
   * @param options.everyToken - also computes what no logit needs: every token in the last layer. @default false
   */
  predict(batch: PackedBatch, { everyToken = false }: { everyToken?: boolean } = {}): Tensor {
    const { ops } = this;
    const pass: ForwardPass = { kind: "evaluation", ops };
    return ops.tidy(() => {
      const at = this.#inputs(batch);
      let x = ops.tidy(() => this.modules.embeddings.forward(pass, at).y);
      this.#steps.forEach((layer, i) => {
        const plan = this.#plan(batch, { layer: i, firstRows: at.firstRows });
        const more = everyToken && plan.span === "first-token";
        const next = ops.tidy(() => {
          const { y } = layer.forward(pass, x, more ? { ...plan, span: "every-token" } : plan);
          return more ? ops.gatherRows(y, at.firstRows) : y;
        });
        ops.dispose(x);
        x = next;
      });
      return this.modules.head.forward(pass, x).y;
    });
  }

  /** The forward half of a training step. Keeps only the tensors that the backward pass needs. */
  forward(pass: ForwardPass & { kind: "training" }, batch: PackedBatch): TrainingForward {
    const { ops } = this;
    const { embeddings, head } = this.modules;
    const lowest = this.#lowestTrainable();
    const kept = ops.escape(() => {
      const at = this.#inputs(batch);
      const input = { ids: at.ids, positions: at.positions, notPad: lowest < 0 ? this.#notPad(batch) : undefined };
      const embedded = embeddings.forward(pass, input);
      let x = embedded.y;
      const plans: LayerPlan[] = [];
      const saved: (LayerSaved | undefined)[] = [];
      this.#steps.forEach((layer, i) => {
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
    const { embeddings, head } = this.modules;
    const steps = this.#steps;
    const { state } = forward;
    const lowest = this.#lowestTrainable();
    ops.tidy(() => {
      let dx = head.backward(pass, dLogits, { saved: state.head, needsInput: lowest < steps.length });
      for (let i = steps.length - 1; i >= Math.max(lowest, 0) && dx !== undefined; i--) {
        const saved = state.layers[i];
        if (saved === undefined) break;
        const dy: Tensor = dx;
        dx = steps[i].backward(pass, dy, { saved, plan: state.plans[i], needsInput: i > lowest });
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
   * Lowest module that is trained, where the backward pass ends: -1 for the embeddings, i for the layer that runs at
   * step i, the number of steps for the head.
   */
  #lowestTrainable(): number {
    if (this.modules.embeddings.hasTrainables) return -1;
    const step = this.#steps.findIndex(({ hasTrainables }) => hasTrainables);
    return step < 0 ? this.#steps.length : step;
  }

  #plan(batch: PackedBatch, { layer, firstRows }: { layer: number; firstRows: Tensor }): LayerPlan {
    // After the last layer only the first token is used.
    return {
      groups: batch.groups,
      span: layer === this.#steps.length - 1 ? "first-token" : "every-token",
      firstRows,
    };
  }

  #inputs(batch: PackedBatch): { ids: Tensor; positions: Tensor; firstRows: Tensor } {
    const { ops, config } = this;
    const positions = positionIds(batch, config.structure.positions);
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
