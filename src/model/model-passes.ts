import type { LayerNormSaved } from "../ops/ops";
import type { Tensor } from "../ops/tensor";
import type { PrefixValues } from "./encoder-prefix";
import type { HeadSaved } from "./parts/classification-head";
import type { EmbeddingsInput, EmbeddingsSaved } from "./parts/embeddings";
import type { LayerSaved } from "./parts/encoder-layer";
import type { LayerPlan } from "./parts/layer-plan";
import type { DocumentRows } from "./parts/mean-of-tokens";
import type { Segment } from "./parts/pass";
import type { RelativeAddends } from "./parts/relative-bias";
import type { RelativeRows } from "./parts/relative-positions";

/** A training forward pass that waits for its backward pass. Its owner calls `release` once. */
export interface TrainingForward {
  /** [documents, labels], in the packed order. */
  readonly logits: Tensor;
  /** Disposes of every kept tensor, including the logits. */
  release(): void;
  /** @internal */
  readonly state: {
    plans: readonly LayerPlan[];
    /** Undefined if the pass started with the input of the head. */
    input?: EmbeddingsInput;
    embeddings?: EmbeddingsSaved;
    layers: readonly (LayerSaved | undefined)[];
    finalNorm?: LayerNormSaved;
    /** Given if the head reads the mean of the tokens. */
    rows?: DocumentRows;
    head: HeadSaved;
  };
}

/** Options of `ClassificationModel.predict`, described there. */
export interface PredictPassOptions {
  readonly everyToken?: boolean;
  readonly words?: Tensor;
  readonly segments?: readonly Segment[];
  readonly features?: boolean;
  readonly prefix?: PrefixValues | undefined;
}

/** The tensors of a batch that the parts read. */
export interface BatchInputs {
  readonly ids: Tensor;
  readonly positions: Tensor;
  readonly types: Tensor | undefined;
  readonly firstRows: Tensor;
  readonly addends: RelativeAddends | undefined;
  readonly relative: RelativeRows | undefined;
  /** The angles of rotary positions by their base. */
  readonly angles: ReadonlyMap<number, { readonly cos: Tensor; readonly sin: Tensor }>;
  readonly rows: DocumentRows | undefined;
}
