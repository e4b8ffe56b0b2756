import type { Ops } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { PackedBatch } from "./packed-batch";

/** Each row's document, int [rows], and 1 / its length, [documents, 1]. */
export interface DocumentRows {
  readonly documents: Tensor;
  readonly inverseLengths: Tensor;
}

/** The rows of a batch's documents. */
export function documentRows(ops: Ops, { groups, ids, firstRows }: PackedBatch): DocumentRows {
  const documents = new Int32Array(ids.length);
  const inverse = new Float32Array(firstRows.length);
  for (const group of groups) {
    for (let i = 0; i < group.documents; i++) {
      inverse[group.document + i] = 1 / group.length;
      documents.fill(group.document + i, group.row + i * group.length, group.row + (i + 1) * group.length);
    }
  }
  return {
    documents: ops.int(documents, [documents.length]),
    inverseLengths: ops.float(inverse, [inverse.length, 1]),
  };
}

/** The mean of each document's tokens: x [rows, width] to [documents, width]. */
export function meanOfTokens(ops: Ops, x: Tensor, { documents, inverseLengths }: DocumentRows): Tensor {
  return ops.tidy(() => ops.mul(ops.scatterRows(x, documents, inverseLengths.shape[0]), inverseLengths));
}

/** The gradient of {@link meanOfTokens}'s x [rows, width] from dy [documents, width]. */
export function meanOfTokensBackward(ops: Ops, dy: Tensor, { documents, inverseLengths }: DocumentRows): Tensor {
  return ops.tidy(() => ops.gatherRows(ops.mul(dy, inverseLengths), documents));
}
