import type { AttentionLayout, LengthGroup, RotaryOptions } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { RelativeAddends } from "./relative-bias";
import type { RelativeRows } from "./relative-positions";

/** The documents that a layer runs on, and whether it computes every token or only first tokens. */
export interface LayerPlan {
  readonly groups: readonly LengthGroup[];
  readonly span: AttentionLayout["span"];
  /** Rows of the documents' first tokens, int [documents]. */
  readonly firstRows: Tensor;
  /** Greatest distance between tokens that attend to each other. */
  readonly window?: number | undefined;
  /** Addends of the attention scores by head and distance. */
  readonly addends?: RelativeAddends | undefined;
  /** The embeddings of relative positions. */
  readonly relative?: RelativeRows | undefined;
  /** Each token's position, int [rows], and the angles of each position. */
  readonly rotary?: Pick<RotaryOptions, "positions" | "cos" | "sin"> | undefined;
}
