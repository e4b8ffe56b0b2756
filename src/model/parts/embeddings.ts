import type { DropoutSaved, LayerNormSaved, Ops } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import { applyDropout, dropoutBackward } from "./dropout";
import { rateOf, type EncoderConfig } from "../encoder-structure";
import type { Linear, LinearSaved } from "./linear";
import type { Norm } from "./norm";
import type { Parameter, Substitutes } from "./parameter";
import { dropoutOf, type BackwardPass, type ForwardPass } from "./pass";

/** The weights of the embeddings. */
export interface EmbeddingModules {
  /** [vocab, width] */
  readonly words: Parameter;
  /** [positions, width]; none if positions are not learned. */
  readonly positions: Parameter | undefined;
  /** [types, width]; DistilBERT has none. */
  readonly types: Parameter | undefined;
  readonly norm: Norm;
  /** From the embeddings' width to the encoder's. */
  readonly projection: Linear | undefined;
}

/** State that the embeddings keep for their backward pass. */
export interface EmbeddingsSaved {
  readonly norm: LayerNormSaved;
  readonly dropout?: DropoutSaved;
  readonly projection?: LinearSaved;
}

/** Indices of the embeddings to look up. */
export interface EmbeddingsInput {
  /** Token ids, int [rows]. */
  readonly ids: Tensor;
  /** int [rows] */
  readonly positions: Tensor;
  /** Token types, int [rows]; undefined if all are 0. */
  readonly types?: Tensor;
  /** Given if a text contains the pad token: 0 for each pad token, else 1, [rows, 1]. */
  readonly notPad?: Tensor;
  /** Word embeddings instead of those of `ids`, [rows, width]. */
  readonly words?: Tensor;
}

/**
 * The sum of word, position and type embedding, then layer norm and dropout, and a linear layer if the embeddings'
 * width is not the encoder's (ELECTRA, ALBERT).
 */
export class Embeddings {
  readonly #config: EncoderConfig;
  #used: Pick<EmbeddingModules, "words" | "positions" | "types">;

  constructor(
    readonly modules: EmbeddingModules,
    config: EncoderConfig,
  ) {
    this.#config = config;
    this.#used = modules;
  }

  /** Every embedding's weight. */
  get tables(): readonly Parameter[] {
    const { words, positions, types } = this.modules;
    return [words, positions, types].flatMap((table) => table ?? []);
  }

  get linears(): readonly Linear[] {
    const { projection } = this.modules;
    return projection === undefined ? [] : [projection];
  }

  get hasTrainables(): boolean {
    return (
      this.#tables.some(({ trainable }) => trainable) ||
      this.modules.norm.hasTrainables ||
      this.linears.some(({ hasTrainables }) => hasTrainables)
    );
  }

  /**
   * Replaces the tables of embeddings, or restores the model's own. Norm and projection have their own `use`.
   */
  use(substitutes?: Substitutes): void {
    const { words, positions, types } = this.modules;
    this.#used = {
      words: substitutes?.get(words) ?? words,
      positions: positions && (substitutes?.get(positions) ?? positions),
      types: types && (substitutes?.get(types) ?? types),
    };
  }

  /** The tables in use. */
  get #tables(): readonly Parameter[] {
    const { words, positions, types } = this.#used;
    return [words, positions, types].flatMap((table) => table ?? []);
  }

  /** The word embeddings of token ids, int [rows]: [rows, width]. */
  wordsOf(ops: Ops, ids: Tensor): Tensor {
    return ops.gatherRows(this.#used.words.value, ids);
  }

  /** ids, positions and types, int [rows], to [rows, width]. */
  forward(pass: ForwardPass, at: EmbeddingsInput): { y: Tensor; saved: EmbeddingsSaved } {
    const { ops } = pass;
    const { words, positions, types } = this.#used;
    const { norm, projection } = this.modules;
    return ops.tidy(() => {
      let sum = at.words ?? ops.gatherRows(words.value, at.ids); // [rows, width]
      if (positions !== undefined) sum = ops.add(sum, ops.gatherRows(positions.value, at.positions));
      if (types !== undefined)
        sum = ops.add(
          sum,
          at.types === undefined ? ops.sliceRows(types.value, 0, 1) : ops.gatherRows(types.value, at.types),
        );
      const normed = norm.forward(pass, sum);
      const rate = rateOf(this.#config, this.#config.structure.embeddingDropout);
      const dropped = applyDropout(normed.y, { ops, source: dropoutOf(pass), rate });
      const saved = { norm: normed.saved, dropout: dropped.saved };
      if (projection === undefined) return { y: dropped.y, saved };
      const projected = projection.forward(pass, dropped.y);
      return { y: projected.y, saved: { ...saved, projection: projected.saved } };
    });
  }

  /**
   * Adds the gradients of the trained weights; dy is [rows, width]. As in PyTorch (`padding_idx`), the pad token's word
   * embedding gets no gradient. If positions count from the pad token, its position embedding gets none either.
   *
   * @returns the gradient of `from.words`, [rows, width], which the caller owns; undefined if they were looked up
   */
  backward(pass: BackwardPass, dy: Tensor, from: EmbeddingsInput & { saved: EmbeddingsSaved }): Tensor | undefined {
    const { ops, gradients } = pass;
    const { words, positions, types } = this.#used;
    const { norm, projection } = this.modules;
    const { positions: structure } = this.#config.structure;
    const given = from.words !== undefined;
    return ops.tidy(() => {
      const needsInput = given || norm.hasTrainables || this.#tables.some(({ trainable }) => trainable);
      const dDropped =
        projection === undefined || from.saved.projection === undefined
          ? dy
          : projection.backward(pass, dy, { saved: from.saved.projection, needsInput });
      if (dDropped === undefined) return undefined;
      const dNormed = dropoutBackward(dDropped, { ops, saved: from.saved.dropout });
      const dSum = norm.backward(pass, dNormed, from.saved.norm); // [rows, width]
      const dWords = from.notPad === undefined ? dSum : ops.mul(dSum, from.notPad);
      const padIsPosition = structure.kind === "learned" && structure.countedFrom !== undefined;
      if (words.trainable && !given) gradients.add(words, () => ops.scatterRows(dWords, from.ids, words.shape[0]));
      if (positions?.trainable === true)
        gradients.add(positions, () =>
          ops.scatterRows(padIsPosition ? dWords : dSum, from.positions, positions.shape[0]),
        );
      if (types?.trainable === true) {
        gradients.add(types, () =>
          ops.tidy(() =>
            from.types === undefined
              ? ops.scatterRows(ops.sum(dSum, [0], { keepDims: true }), ops.int(Int32Array.of(0), [1]), types.shape[0])
              : ops.scatterRows(dSum, from.types, types.shape[0]),
          ),
        );
      }
      return given ? dSum : undefined;
    });
  }

  dispose(): void {
    for (const table of this.tables) table.dispose();
    this.modules.norm.dispose();
    for (const linear of this.linears) linear.dispose();
  }
}
