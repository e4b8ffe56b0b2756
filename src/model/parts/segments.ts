import type { Ops } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { ForwardPass, ModelChanges, Segment } from "./pass";

/** The rows of a matrix that belong to one segment. */
export interface Slice {
  readonly from: number;
  readonly size: number;
  readonly changes: ModelChanges | undefined;
}

/** The segments of a pass; undefined if the whole batch goes through the model as it is. */
export function segmentsOf(pass: ForwardPass): readonly Segment[] | undefined {
  return pass.kind === "evaluation" ? pass.segments : undefined;
}

/** The same pass for rows that belong to no document, such as those of relative positions. */
export function withoutSegments(pass: ForwardPass): ForwardPass {
  return segmentsOf(pass) === undefined ? pass : { kind: "evaluation", ops: pass.ops };
}

/** The segments' slices of a matrix that has a row for each token, or for each document. */
export function slicesOf(segments: readonly Segment[], rows: number): Slice[] {
  const total = (of: "rows" | "documents"): number => segments.reduce((sum, segment) => sum + segment[of], 0);
  const unit = rows === total("rows") ? "rows" : "documents";
  if (rows !== total(unit))
    throw new RangeError(
      `A pass with segments must have ${total("rows")} rows (tokens) or ${total("documents")} (documents); got ${rows}.`,
    );
  let from = 0;
  return segments.map(({ [unit]: size, changes }) => {
    from += size;
    return { from: from - size, size, changes };
  });
}

/** The results of a function for each slice of x, one below the other. */
export function concatSlices<S extends Slice>(
  ops: Ops,
  x: Tensor,
  { slices, make }: { slices: readonly S[]; make: (x: Tensor, slice: S) => Tensor },
): Tensor {
  return ops.tidy(() => {
    if (slices.length === 1) return make(x, slices[0]);
    return ops.concatRows(slices.map((slice) => ops.tidy(() => make(ops.sliceRows(x, slice.from, slice.size), slice))));
  });
}
