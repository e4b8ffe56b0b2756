import type { Primitives } from "../../src/ops/ops";
import { sizeOf, type Tensor } from "../../src/ops/tensor";
import { gamma, inner, type BoundedTensor } from "./bounded-tensor";
import type { ErrorAnalysis } from "./error-analysis";
import { indices, strides } from "./shape-offsets";

type LayoutName = "reshape" | "transpose" | "sliceRows" | "splitRows" | "concatRows" | "gatherRows" | "scatterRows";

/** Primitives of the reference that move numbers: all but the sums of `scatterRows` are exact. */
export class ReferenceLayout implements Pick<Primitives, LayoutName> {
  readonly #errors: ErrorAnalysis;

  constructor(errors: ErrorAnalysis) {
    this.#errors = errors;
  }

  reshape(x: Tensor, shape: readonly number[]): Tensor {
    const { values, bounds } = inner(x);
    return this.#errors.own(values, bounds, shape);
  }

  transpose(x: Tensor, permutation: readonly number[]): Tensor {
    const shape = permutation.map((axis) => x.shape[axis]);
    const steps = strides(x.shape);
    const from = indices(
      shape,
      permutation.map((axis) => steps[axis]),
    );
    return this.#errors.taken(x, from, shape);
  }

  sliceRows(x: Tensor, begin: number, count: number): Tensor {
    const row = sizeOf(x.shape.slice(1));
    const { values, bounds } = inner(x);
    const [first, last] = [begin * row, (begin + count) * row];
    return this.#errors.own(values.slice(first, last), bounds.slice(first, last), [count, ...x.shape.slice(1)]);
  }

  splitRows(x: Tensor, rows: readonly number[]): Tensor[] {
    let begin = 0;
    return rows.map((count) => this.sliceRows(x, (begin += count) - count, count));
  }

  concatRows(parts: readonly Tensor[]): Tensor {
    const rows = parts.reduce((sum, { shape }) => sum + shape[0], 0);
    const joined = (which: (part: BoundedTensor) => Float64Array): Float64Array => {
      const all = new Float64Array(rows * sizeOf(parts[0].shape.slice(1)));
      let at = 0;
      for (const part of parts.map(inner)) {
        all.set(which(part), at);
        at += part.values.length;
      }
      return all;
    };
    return this.#errors.own(
      joined(({ values }) => values),
      joined(({ bounds }) => bounds),
      [rows, ...parts[0].shape.slice(1)],
    );
  }

  gatherRows(x: Tensor, rows: Tensor): Tensor {
    const row = sizeOf(x.shape.slice(1));
    const from = Int32Array.from(
      { length: rows.shape[0] * row },
      (_, i) => inner(rows).values[Math.floor(i / row)] * row + (i % row),
    );
    return this.#errors.taken(x, from, [rows.shape[0], ...x.shape.slice(1)]);
  }

  scatterRows(updates: Tensor, rows: Tensor, count: number): Tensor {
    const row = sizeOf(updates.shape.slice(1));
    const { values, bounds } = inner(updates);
    const [sums, sizes, moved, terms] = Array.from({ length: 4 }, () => new Float64Array(count * row));
    for (let i = 0; i < values.length; i++) {
      const to = inner(rows).values[Math.floor(i / row)] * row + (i % row);
      sums[to] += values[i];
      sizes[to] += Math.abs(values[i]) + bounds[i];
      moved[to] += bounds[i];
      terms[to]++;
    }
    return this.#errors.own(
      sums,
      sums.map((_, i) => moved[i] + gamma(terms[i]) * sizes[i]),
      [count, ...updates.shape.slice(1)],
    );
  }
}
