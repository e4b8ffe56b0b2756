import type { DropoutSaved, LayerNormSaved } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import { applyDropout, dropoutBackward } from "./dropout";
import type { EncoderConfig } from "../encoder-config";
import type { Norm } from "./norm";
import type { Parameter, Substitutes } from "./parameter";
import { dropoutOf, type BackwardPass, type ForwardPass } from "./pass";

/** The weights of the embeddings. */
export interface EmbeddingModules {
  /** [vocab, width] */
  readonly words: Parameter;
  /** [positions, width] */
  readonly positions: Parameter;
  /** [types, width]; DistilBERT has none. */
  readonly types?: Parameter;
  readonly norm: Norm;
}

/** State that the embeddings keep for their backward pass. */
export interface EmbeddingsSaved {
  readonly norm: LayerNormSaved;
  readonly dropout?: DropoutSaved;
}

/** Indices of the embeddings to look up. */
export interface EmbeddingsInput {
  /** Token ids, int [rows]. */
  readonly ids: Tensor;
  /** int [rows] */
  readonly positions: Tensor;
  /** Given if a text contains the pad token: 0 for each pad token, else 1, [rows, 1]. */
  readonly notPad?: Tensor;
}

/** The sum of word, position and first type embedding, then layer norm and dropout. */
export class Embeddings {
  readonly #config: EncoderConfig;
  #used: Omit<EmbeddingModules, "norm">;

  constructor(
    readonly modules: EmbeddingModules,
    config: EncoderConfig,
  ) {
    this.#config = config;
    this.#used = modules;
  }

  get hasTrainables(): boolean {
    const { words, positions, types } = this.#used;
    return words.trainable || positions.trainable || (types?.trainable ?? false) || this.modules.norm.hasTrainables;
  }

  /** Replaces the embeddings that are looked up, or restores the model's own. The norm is replaced separately. */
  use(substitutes?: Substitutes): void {
    const { words, positions, types } = this.modules;
    this.#used = {
      words: substitutes?.get(words) ?? words,
      positions: substitutes?.get(positions) ?? positions,
      types: types && (substitutes?.get(types) ?? types),
    };
  }

  /** ids and positions, int [rows], to [rows, width]. */
  forward(pass: ForwardPass, at: EmbeddingsInput): { y: Tensor; saved: EmbeddingsSaved } {
    const { ops } = pass;
    const { words, positions, types } = this.#used;
    const { norm } = this.modules;
    return ops.tidy(() => {
      // [rows, width]
      let sum = ops.add(ops.gatherRows(words.value, at.ids), ops.gatherRows(positions.value, at.positions));
      if (types !== undefined) sum = ops.add(sum, ops.sliceRows(types.value, 0, 1)); // all tokens have type 0
      const normed = norm.forward(pass, sum);
      const { y, saved } = applyDropout(normed.y, { ops, source: dropoutOf(pass), rate: this.#config.hiddenDropout });
      return { y, saved: { norm: normed.saved, dropout: saved } };
    });
  }

  /**
   * Adds the gradients of the trained embeddings; dy is [rows, width]. As in PyTorch (`padding_idx`), the pad token's
   * word embedding gets no gradient, and in RoBERTa neither does its position embedding.
   */
  backward(pass: BackwardPass, dy: Tensor, from: EmbeddingsInput & { saved: EmbeddingsSaved }): void {
    const { ops, gradients } = pass;
    const { words, positions, types } = this.#used;
    const { norm } = this.modules;
    ops.tidy(() => {
      const dNormed = dropoutBackward(dy, { ops, saved: from.saved.dropout });
      const dSum = norm.backward(pass, dNormed, from.saved.norm); // [rows, width]
      const dWords = from.notPad === undefined ? dSum : ops.mul(dSum, from.notPad);
      const dPositions = this.#config.modelType === "roberta" ? dWords : dSum;
      if (words.trainable) gradients.add(words, () => ops.scatterRows(dWords, from.ids, words.shape[0]));
      if (positions.trainable)
        gradients.add(positions, () => ops.scatterRows(dPositions, from.positions, positions.shape[0]));
      if (types?.trainable === true) {
        gradients.add(types, () =>
          ops.tidy(() =>
            ops.scatterRows(ops.sum(dSum, [0], { keepDims: true }), ops.int(Int32Array.of(0), [1]), types.shape[0]),
          ),
        );
      }
    });
  }

  dispose(): void {
    const { words, positions, types, norm } = this.modules;
    words.dispose();
    positions.dispose();
    types?.dispose();
    norm.dispose();
  }
}
