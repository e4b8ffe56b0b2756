import type { Placements } from "../composed/placements";
import type { Ops } from "../ops";
import type { RowDevice } from "./fused-norms";

/** Device of attention's programs. */
export interface AttentionDevice extends RowDevice {
  /** The ops that are being built. */
  readonly ops: Ops;
  /** Attention with a window or relative terms. */
  readonly composed: Pick<Ops, "attention" | "attentionBackward">;
  readonly placements: Placements;
}
