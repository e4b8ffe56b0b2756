import type { LengthGroup } from "../../ops/ops";

/**
 * Documents without padding: sorted by length, with their tokens in consecutive rows. Token-wise operations run over
 * all rows at once; attention runs over each group of documents of equal length. No pad token is computed and no mask
 * is needed. The result equals that of padded batches with an attention mask.
 */
export interface PackedBatch {
  /** Token ids of all documents: [rows]. */
  readonly ids: Int32Array;
  /** Index of each token in its document: [rows]. */
  readonly positions: Int32Array;
  /** The row of each document's first token: [documents]. */
  readonly firstRows: Int32Array;
  readonly groups: readonly LengthGroup[];
  /** For each packed document, its index in the list that was packed. */
  readonly order: readonly number[];
}

/** Packs documents given by their token ids; none may be empty. */
export function packDocuments(documents: readonly Int32Array[]): PackedBatch {
  const order = documents.map((_, index) => index).sort((a, b) => documents[a].length - documents[b].length || a - b);
  const rows = documents.reduce((sum, { length }) => sum + length, 0);
  const ids = new Int32Array(rows);
  const positions = new Int32Array(rows);
  const firstRows = new Int32Array(documents.length);
  const groups: LengthGroup[] = [];
  let row = 0;
  order.forEach((index, document) => {
    const tokens = documents[index];
    if (tokens.length === 0)
      throw new RangeError(`Document ${index} has no tokens; an empty text has two, [CLS] and [SEP].`);
    const last = groups.at(-1);
    if (last !== undefined && last.length === tokens.length)
      groups[groups.length - 1] = { ...last, documents: last.documents + 1 };
    else groups.push({ row, document, documents: 1, length: tokens.length });
    ids.set(tokens, row);
    for (let i = 0; i < tokens.length; i++) positions[row + i] = i;
    firstRows[document] = row;
    row += tokens.length;
  });
  return { ids, positions, firstRows, groups, order };
}
