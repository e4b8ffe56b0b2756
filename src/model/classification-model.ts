import { isKernelOps } from "../ops/kernel-ops";
import type { LayerNormSaved, Ops, Precision } from "../ops/ops";
import type { Tensor } from "../ops/tensor";
import type { EncoderPrefix, PrefixValues } from "./encoder-prefix";
import { layerAt, layerCounts, type EncoderConfig } from "./encoder-structure";
import type { BatchInputs, PredictPassOptions, TrainingForward } from "./model-passes";
import type { ClassificationHead } from "./parts/classification-head";
import type { Embeddings } from "./parts/embeddings";
import type { EncoderLayer, LayerSaved } from "./parts/encoder-layer";
import type { LayerPlan } from "./parts/layer-plan";
import type { Linear } from "./parts/linear";
import { documentRows, meanOfTokens, meanOfTokensBackward } from "./parts/mean-of-tokens";
import type { Norm } from "./parts/norm";
import type { PackedBatch } from "./parts/packed-batch";
import type { Parameter } from "./parts/parameter";
import type { BackwardPass, ForwardPass } from "./parts/pass";
import { positionIds } from "./parts/position-ids";
import type { RelativeBias } from "./parts/relative-bias";
import type { RelativePositions } from "./parts/relative-positions";
import { RotaryAngles } from "./parts/rotary-angles";

/** An encoder with a head for sequence classification. It owns its weights. */
export class ClassificationModel {
  /** The layers in the order in which they run; shared layers run more than once. */
  readonly #steps: readonly EncoderLayer[];
  readonly #angles: RotaryAngles;

  constructor(
    readonly ops: Ops,
    readonly config: EncoderConfig,
    readonly modules: {
      readonly embeddings: Embeddings;
      /** Addends of the attention scores, which all layers share. */
      readonly relative?: RelativeBias | undefined;
      /** Embeddings of relative positions, which all layers share. */
      readonly positions?: RelativePositions | undefined;
      /** Each layer with weights of its own. */
      readonly layers: readonly EncoderLayer[];
      readonly finalNorm?: Norm | undefined;
      readonly head: ClassificationHead;
    },
  ) {
    this.#angles = new RotaryAngles(config.hiddenSize / config.numAttentionHeads);
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
    const { embeddings, positions, layers, finalNorm, head } = this.modules;
    const first = [embeddings.modules.norm, ...(positions?.norms ?? [])];
    const last = finalNorm === undefined ? [] : [finalNorm];
    return [...first, ...layers.flatMap(({ norms }) => norms), ...last, ...head.norms];
  }

  /** The word embeddings of token ids: [ids, width]. The caller disposes of them. */
  wordEmbeddings(ids: Int32Array): Tensor {
    const { ops } = this;
    return ops.tidy(() => this.modules.embeddings.wordsOf(ops, ops.int(ids, [ids.length])));
  }

  /** Every embedding's weight. */
  tables(): Parameter[] {
    const { embeddings, relative, positions } = this.modules;
    return [embeddings.tables, relative?.table ?? [], positions?.modules.table ?? []].flat();
  }

  /** The weights of the head. */
  headParameters(): Parameter[] {
    return ownParameters(this.modules.head);
  }

  /** Every weight of the model, without adapters. */
  parameters(): Parameter[] {
    const { layers, finalNorm } = this.modules;
    return [
      ...this.#inputParameters(),
      ...layers.flatMap(ownParameters),
      ...(finalNorm?.parameters ?? []),
      ...this.headParameters(),
    ];
  }

  /**
   * Predicts the logits of a batch, [documents, labels] in the packed order. The caller disposes of them.
   *
   * @param options.everyToken - also computes every token in the last layer, which no logit needs. @default false
   * @param options.words - word embeddings instead of those of the batch's ids, [rows, width]; the caller owns them
   * @param options.segments - the changes for the batch's documents, in the packed order; see `parts/segments.ts`
   * @param options.features - returns the head's input, [documents, width], instead of logits. @default false
   * @param options.prefix - results of {@link computePrefix}, with which the pass starts
   */
  predict(batch: PackedBatch, options: PredictPassOptions = {}): Tensor {
    const { everyToken = false, words, segments, features = false, prefix } = options;
    const { ops } = this;
    const pass: ForwardPass = { kind: "evaluation", ops, segments };
    return ops.tidy(() => {
      const pooled = this.#encode(pass, batch, { words, everyToken, given: prefix });
      return features ? pooled : this.modules.head.forward(pass, pooled).y;
    });
  }

  /** The part of the encoder below everything that is trained or adapted. Undefined if it has no layer. */
  frozenPrefix(): EncoderPrefix | undefined {
    const { embeddings, finalNorm } = this.modules;
    const layers = this.#lowestTrainable();
    const below = layers <= 0 ? [] : [embeddings, ...this.#steps.slice(0, layers)];
    if (below.length === 0 || below.some(({ linears }) => linears.some(({ adapter }) => adapter !== undefined)))
      return undefined;
    return layers < this.#steps.length || finalNorm?.hasTrainables === true
      ? { kind: "layers", layers }
      : { kind: "pooled" };
  }

  /** Every own weight of the model that a prefix uses. */
  prefixParameters(prefix: EncoderPrefix): Parameter[] {
    const layers = new Set(prefix.kind === "pooled" ? this.#steps : this.#steps.slice(0, prefix.layers));
    return [
      ...this.#inputParameters(),
      ...[...layers].flatMap(ownParameters),
      ...(prefix.kind === "pooled" ? (this.modules.finalNorm?.parameters ?? []) : []),
    ];
  }

  /** The weights below the layers: embeddings, with their norms and projection. */
  #inputParameters(): Parameter[] {
    const { embeddings, positions } = this.modules;
    const parts = [...(positions?.norms ?? []), embeddings.modules.norm, ...embeddings.linears];
    return [...this.tables(), ...parts.flatMap(({ parameters }) => parameters)];
  }

  /** Number of rows in a prefix's results for a document. */
  prefixRows(prefix: EncoderPrefix, tokens: number): number {
    const isVector =
      prefix.kind === "pooled" ||
      (prefix.layers === this.#steps.length && this.config.structure.head.pooling !== "mean");
    return isVector ? 1 : tokens;
  }

  /**
   * Computes the results of a prefix, as {@link PrefixValues} holds them. They equal bit for bit those of an
   * evaluation, or of a training pass without dropout (`pass`), whose kernels can differ in the last bits. The caller
   * disposes of them.
   */
  computePrefix(
    batch: PackedBatch,
    {
      prefix,
      pass,
      precision = "float32",
    }: { prefix: EncoderPrefix; pass: ForwardPass["kind"]; precision?: Precision },
  ): Tensor {
    const { ops } = this;
    return ops.tidy(() =>
      this.#encode(
        pass === "evaluation" ? { kind: pass, ops } : { kind: pass, ops, dropout: undefined, precision },
        batch,
        {
          to: prefix,
        },
      ),
    );
  }

  /** Whether a text's results do not depend on the other texts of its batch, since the kernels compute row by row. */
  get isBatchIndependent(): boolean {
    return isKernelOps(this.ops);
  }

  /**
   * The forward half of a training step. Keeps only the tensors that the backward pass needs.
   *
   * @param options.words - word embeddings instead of those of the batch's ids, [rows, width]; `backward` then returns
   *   their gradient. The result owns them
   * @param options.prefix - results of {@link computePrefix}, with which the pass starts
   */
  forward(
    pass: ForwardPass & { kind: "training" },
    batch: PackedBatch,
    { words, prefix }: { words?: Tensor; prefix?: PrefixValues | undefined } = {},
  ): TrainingForward {
    const { ops } = this;
    const { embeddings, head } = this.modules;
    const lowest = words === undefined ? this.#lowestTrainable() : -1;
    const frozen = pass.frozenDropout === false ? { ...pass, dropout: undefined } : pass;
    const skipped = prefix?.prefix.kind === "layers" ? prefix.prefix.layers : 0;
    const kept = ops.escape(() => {
      if (prefix?.prefix.kind === "pooled") {
        const { y: logits, saved } = head.forward(pass, this.#given(prefix));
        return { logits, state: { plans: [], layers: [], head: saved } };
      }
      const at = this.#inputs(pass, batch);
      const input = {
        ids: at.ids,
        positions: at.positions,
        types: at.types,
        notPad: lowest < 0 ? this.#notPad(batch) : undefined,
        words,
      };
      const embedded = prefix === undefined ? embeddings.forward(lowest < 0 ? pass : frozen, input) : undefined;
      let x = embedded?.y ?? this.#given(prefix);
      const plans: LayerPlan[] = [];
      const saved: (LayerSaved | undefined)[] = [];
      this.#steps.forEach((layer, i) => {
        const plan = this.#plan(batch, i, at);
        plans.push(plan);
        if (i < lowest) {
          saved.push(undefined);
          if (i < skipped) return;
          const next = ops.tidy(() => layer.forward(frozen, x, plan).y);
          ops.dispose(x);
          x = next;
        } else {
          const done = layer.forward(pass, x, plan);
          x = done.y;
          saved.push(done.saved);
        }
      });
      const pooled = this.#pooled(pass, x, at);
      const out = head.forward(pass, pooled.y);
      const state = {
        plans,
        input,
        embeddings: lowest < 0 ? embedded?.saved : undefined,
        layers: saved,
        finalNorm: pooled.saved,
        rows: at.rows,
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
   * @returns the gradient of the word embeddings that `forward` got, [rows, width], which the caller owns
   */
  backward(pass: BackwardPass, dLogits: Tensor, forward: TrainingForward): Tensor | undefined {
    const { ops } = pass;
    const { embeddings, head } = this.modules;
    const steps = this.#steps;
    const { state } = forward;
    const lowest = state.input?.words === undefined ? this.#lowestTrainable() : -1;
    return ops.tidy(() => {
      const needsPooled = lowest < steps.length || this.modules.finalNorm?.hasTrainables === true;
      const dPooled = head.backward(pass, dLogits, { saved: state.head, needsInput: needsPooled });
      let dx = dPooled && this.#pooledBackward(pass, dPooled, state);
      for (let i = steps.length - 1; i >= Math.max(lowest, 0) && dx !== undefined; i--) {
        const saved = state.layers[i];
        if (saved === undefined) break;
        const dy: Tensor = dx;
        dx = steps[i].backward(pass, dy, { saved, plan: state.plans[i], needsInput: i > lowest });
        ops.dispose(dy);
      }
      if (lowest >= 0 || dx === undefined || state.embeddings === undefined || state.input === undefined)
        return undefined;
      return embeddings.backward(pass, dx, { saved: state.embeddings, ...state.input });
    });
  }

  dispose(): void {
    const { embeddings, relative, positions, layers, finalNorm, head } = this.modules;
    embeddings.dispose();
    relative?.dispose();
    positions?.dispose();
    finalNorm?.dispose();
    for (const { linears, norms } of [...layers, head]) for (const module of [...linears, ...norms]) module.dispose();
  }

  /**
   * The lowest trained module, at which the backward pass ends: -1 for the embeddings, i for the layer that runs at
   * step i, the number of steps for the head.
   */
  #lowestTrainable(): number {
    if (this.modules.embeddings.hasTrainables) return -1;
    const step = this.#steps.findIndex(({ hasTrainables }) => hasTrainables);
    return step < 0 ? this.#steps.length : step;
  }

  /** Results of a prefix as a tensor. */
  #given(prefix: PrefixValues | undefined): Tensor {
    const { hiddenSize: width } = this.config;
    if (prefix === undefined) throw new TypeError("A pass must start at the embeddings or at a prefix's results.");
    return this.ops.float(prefix.values, [prefix.values.length / width, width]);
  }

  /**
   * The input of the head, [documents, width], or the results of a prefix. Keeps nothing for a backward pass.
   *
   * @param options.given - results of a prefix, where the pass starts
   * @param options.to - the prefix whose results are returned
   */
  #encode(
    pass: ForwardPass,
    batch: PackedBatch,
    options: { words?: Tensor; everyToken?: boolean; given?: PrefixValues; to?: EncoderPrefix },
  ): Tensor {
    const { ops } = this;
    const { words, everyToken = false, given, to = { kind: "pooled" } } = options;
    if (given?.prefix.kind === "pooled") return this.#given(given);
    const first = given?.prefix.layers ?? 0;
    const end = to.kind === "pooled" ? this.#steps.length : to.layers;
    const at = this.#inputs(pass, batch);
    let x =
      given === undefined
        ? ops.tidy(() => this.modules.embeddings.forward(pass, { ...at, words }).y)
        : this.#given(given);
    for (let i = first; i < end; i++) {
      const plan = this.#plan(batch, i, at);
      const more = everyToken && plan.span === "first-token";
      const next = ops.tidy(() => {
        const { y } = this.#steps[i].forward(pass, x, more ? { ...plan, span: "every-token" } : plan);
        return more ? ops.gatherRows(y, at.firstRows) : y;
      });
      ops.dispose(x);
      x = next;
    }
    return to.kind === "pooled" ? this.#pooled(pass, x, at).y : x;
  }

  #plan(batch: PackedBatch, step: number, at: BatchInputs): LayerPlan {
    const { window, theta } = this.config.structure.layer(step);
    const angles = theta === undefined ? undefined : at.angles.get(theta);
    // After the last layer only the first token is used, unless the head reads all of them.
    const isLast = step === this.#steps.length - 1 && at.rows === undefined;
    return {
      groups: batch.groups,
      span: isLast ? "first-token" : "every-token",
      firstRows: at.firstRows,
      window,
      addends: at.addends,
      relative: at.relative,
      rotary: angles && { positions: at.positions, ...angles },
    };
  }

  /**
   * The input of the head, [documents, width]: the last layer's result for first tokens, or its mean over all tokens.
   * Normalised first if there is a final norm.
   */
  #pooled(pass: ForwardPass, x: Tensor, { rows }: BatchInputs): { y: Tensor; saved?: LayerNormSaved } {
    const normed = this.modules.finalNorm?.forward(pass, x) ?? { y: x };
    return rows === undefined ? normed : { ...normed, y: meanOfTokens(pass.ops, normed.y, rows) };
  }

  #pooledBackward(pass: BackwardPass, dy: Tensor, { rows, finalNorm }: TrainingForward["state"]): Tensor {
    const dNormed = rows === undefined ? dy : meanOfTokensBackward(pass.ops, dy, rows);
    const norm = this.modules.finalNorm;
    return norm === undefined || finalNorm === undefined ? dNormed : norm.backward(pass, dNormed, finalNorm);
  }

  #inputs(pass: ForwardPass, batch: PackedBatch): BatchInputs {
    const { ops, config } = this;
    const { positions: structure, head } = config.structure;
    const positions = positionIds(batch, structure);
    const thetas = new Set(this.#steps.flatMap((_, step) => config.structure.layer(step).theta ?? []));
    const { groups } = batch;
    return {
      ids: ops.int(batch.ids, [batch.ids.length]),
      positions: ops.int(positions, [positions.length]),
      types: batch.types && ops.int(batch.types, [batch.types.length]),
      firstRows: ops.int(batch.firstRows, [batch.firstRows.length]),
      addends: this.modules.relative?.forward(ops, groups),
      relative: this.modules.positions?.forward(pass, groups),
      angles: new Map([...thetas].map((theta) => [theta, this.#angles.tensors(ops, { theta, groups })])),
      rows: head.pooling === "mean" ? documentRows(ops, batch) : undefined,
    };
  }

  /**
   * 0 for each pad token, else 1: [rows, 1]. Undefined if the batch has no pad token, as usual, since batches are not
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

/** The weights of a part's linear layers, then of its norms. */
function ownParameters({ linears, norms }: { linears: readonly Linear[]; norms: readonly Norm[] }): Parameter[] {
  return [...linears, ...norms].flatMap(({ parameters }) => parameters);
}
