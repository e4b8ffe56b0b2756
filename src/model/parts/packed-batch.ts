import type { LengthGroup } from "../../ops/ops";

/** A document's tokens. */
export interface TokenDocument {
  /** Token ids: [tokens]. */
  readonly ids: Int32Array;
  /** Token types: [tokens]. Undefined if all are 0. */
  readonly types?: Int32Array;
}

/**
 * Documents without padding: sorted by length (within each key, if there are keys), with their tokens in consecutive
 * rows. Token-wise operations run over all rows at once; attention runs over each group of documents of equal length.
 * No pad token is computed and no mask is needed. The result equals that of padded batches with an attention mask.
 */
export interface PackedBatch {
  /** Token ids of all documents: [rows]. */
  readonly ids: Int32Array;
  /** Token types of all documents: [rows]. Undefined if all are 0. */
  readonly types?: Int32Array;
  /** Index of each token in its document: [rows]. */
  readonly positions: Int32Array;
  /** The row of each document's first token: [documents]. */
  readonly firstRows: Int32Array;
  readonly groups: readonly LengthGroup[];
  /** For each packed document, its index in the list that was packed. */
  readonly order: readonly number[];
}

/**
 * Packs documents, given by their tokens, or by their ids alone if all types are 0; none may be empty.
 *
 * @param options.keys - a number for each document: documents are packed in ascending order of these numbers
 */
export function packDocuments(
  given: readonly (TokenDocument | Int32Array)[],
  { keys = [] }: { keys?: readonly number[] } = {},
): PackedBatch {
  const documents = given.map((one) => (one instanceof Int32Array ? one : one.ids));
  const key = (index: number): number => keys.at(index) ?? 0;
  const order = documents
    .map((_, index) => index)
    .sort((a, b) => key(a) - key(b) || documents[a].length - documents[b].length || a - b);
  const rows = documents.reduce((sum, { length }) => sum + length, 0);
  const ids = new Int32Array(rows);
  const positions = new Int32Array(rows);
  const types = given.some((one) => "types" in one && one.types !== undefined) ? new Int32Array(rows) : undefined;
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
    const whole = given[index];
    ids.set(tokens, row);
    if (types !== undefined && "types" in whole && whole.types !== undefined) types.set(whole.types, row);
    for (let i = 0; i < tokens.length; i++) positions[row + i] = i;
    firstRows[document] = row;
    row += tokens.length;
  });
  return { ids, ...(types === undefined ? {} : { types }), positions, firstRows, groups, order };
}
