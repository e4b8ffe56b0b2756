import type { Ops } from "./ops";
import type { Tensor } from "./tensor";

/** Concatenates tensors along the first axis; returns a single tensor as it is. */
export function joinedRows(tensors: readonly Tensor[], ops: Pick<Ops, "concatRows">): Tensor {
  return tensors.length === 1 ? tensors[0] : ops.concatRows(tensors);
}
