import type { ProblemType } from "../model/encoder-config";

/** The meaning of scores of an adapter, or of the model itself. */
export interface ServedLabels {
  readonly labels: readonly string[];
  readonly problemType: ProblemType;
  /** Whether the adapter or model was trained on pairs of texts. */
  readonly takesPairs: boolean;
}

/** An adapter that is served. */
export interface ServedAdapter extends ServedLabels {
  readonly name: string;
  /** The reason why it needs forward passes of its own; undefined if it shares passes with other adapters. */
  readonly alone: string | undefined;
}
