import type { AttentionLayout, LengthGroup } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";

/** The documents that a layer runs on, and whether it computes every token or only first tokens. */
export interface LayerPlan {
  readonly groups: readonly LengthGroup[];
  readonly span: AttentionLayout["span"];
  /** Rows of the documents' first tokens, int [documents]. */
  readonly firstRows: Tensor;
}
