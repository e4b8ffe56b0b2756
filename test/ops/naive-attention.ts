import type { AttentionLayout } from "../../src/ops/ops";

/** Numbers of attention's inputs, in double precision, row by row. */
export interface NaiveInputs {
  readonly q: ArrayLike<number>;
  readonly k: ArrayLike<number>;
  readonly v: ArrayLike<number>;
  readonly bias?: ArrayLike<number>;
  readonly key?: ArrayLike<number>;
  readonly query?: ArrayLike<number>;
  readonly index?: ArrayLike<number>;
}

/** Attention by its definition, one query at a time: [queries, width]. */
export function naiveAttention(inputs: NaiveInputs, layout: AttentionLayout, width: number): Float64Array {
  const { groups, span } = layout;
  const documents = groups.flatMap(({ row, document, documents: count, length }) =>
    Array.from({ length: count }, (_, i) => ({ row: row + i * length, document: document + i, length })),
  );
  const y = new Float64Array((inputs.q.length / width) * width);
  for (const { row, document, length } of documents) {
    for (let i = 0; i < (span === "first-token" ? 1 : length); i++) {
      const query = span === "first-token" ? document : row + i;
      for (let head = 0; head < layout.heads; head++)
        attendTo(inputs, { layout, width, row, length, query, i, head, y });
    }
  }
  return y;
}

interface One {
  readonly layout: AttentionLayout;
  readonly width: number;
  /** The document's first row and its length. */
  readonly row: number;
  readonly length: number;
  /** The query's row, and its index in the document. */
  readonly query: number;
  readonly i: number;
  readonly head: number;
  readonly y: Float64Array;
}

function attendTo(inputs: NaiveInputs, { layout, width, row, length, query, i, head, y }: One): void {
  const { q, k, v, bias, key, query: positionQuery, index } = inputs;
  const dim = width / layout.heads;
  const scale = layout.scale ?? 1 / Math.sqrt(dim);
  const dot = (a: ArrayLike<number>, rowOfA: number, b: ArrayLike<number>, rowOfB: number): number => {
    let sum = 0;
    for (let c = head * dim; c < (head + 1) * dim; c++) sum += a[rowOfA * width + c] * b[rowOfB * width + c];
    return sum;
  };
  const score = (j: number): number => {
    if (Math.abs(j - i) > (layout.window ?? Infinity)) return -Infinity;
    let sum = dot(q, query, k, row + j);
    if (index !== undefined) {
      const position = index[j - i + (index.length - 1) / 2];
      if (key !== undefined) sum += dot(q, query, key, position);
      if (positionQuery !== undefined) sum += dot(k, row + j, positionQuery, position);
    }
    const columns = bias === undefined ? 0 : bias.length / layout.heads;
    return sum * scale + (bias === undefined ? 0 : bias[head * columns + j - i + (columns - 1) / 2]);
  };
  const scores = Array.from({ length }, (_, j) => score(j));
  const highest = Math.max(...scores);
  const sum = scores.reduce((all, each) => all + Math.exp(each - highest), 0);
  scores.forEach((each, j) => {
    const weight = Math.exp(each - highest) / sum;
    for (let c = head * dim; c < (head + 1) * dim; c++) y[query * width + c] += weight * v[(row + j) * width + c];
  });
}
