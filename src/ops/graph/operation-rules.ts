import type { OpAttribute } from "../load-tensorflow";
import { sizeOf } from "../tensor";

/** TensorFlow's numbers of types. */
export const FLOAT = 1;
export const INT32 = 3;
const BOOL = 10;

/** Facts that recording knows of a tensor: its shape and type, and of a constant its numbers. */
export interface Value {
  readonly shape: readonly number[];
  readonly dtype: number;
  readonly values?: ArrayLike<number> | undefined;
}

/** Attributes by name. */
export type AttributeValues = ReadonlyMap<string, OpAttribute["value"]>;

/** The results of an operation for its inputs. */
export interface OperationRule {
  /** Shapes and types of the results. */
  readonly results: (inputs: readonly Value[], attributes: AttributeValues) => Value[];
  /** Inputs that are one list of tensors. @default none */
  readonly list?: "all" | "all-but-last";
}

/**
 * The operations that can be recorded, with the shapes and types of their results: recording computes nothing, but the
 * encoder reads shapes. Shapes that do not fit are TensorFlow's to report, when the operations run.
 */
export const OPERATION_RULES: ReadonlyMap<string, OperationRule> = new Map<string, OperationRule>([
  ...["AddV2", "Sub", "Mul", "RealDiv", "Pow"].map((op) => [op, { results: broadcast() }] as const),
  ["GreaterEqual", { results: broadcast(BOOL) }],
  ...["Square", "Sqrt", "Rsqrt", "Tanh", "Relu", "Erf", "Exp", "Softmax", "LogSoftmax"].map(
    (op) => [op, { results: ([x]: readonly Value[]) => [same(x)] }] as const,
  ),
  ...["BiasAdd", "ReluGrad"].map((op) => [op, { results: ([x]: readonly Value[]) => [same(x)] }] as const),
  ["SelectV2", { results: ([mark, a, b]) => [{ shape: widest([mark, a, b]), dtype: a.dtype }] }],
  ["AddN", { results: ([x]) => [same(x)], list: "all" }],
  ["Cast", { results: ([{ shape }], attributes) => [{ shape, dtype: Number(attributes.get("DstT")) }] }],
  ["MatMul", { results: product("transpose_a", "transpose_b") }],
  ["BatchMatMulV2", { results: product("adj_x", "adj_y") }],
  ["Sum", { results: reduced }],
  ["Mean", { results: reduced }],
  ["Reshape", { results: ([{ dtype }, sizes]) => [{ shape: numbersOf(sizes), dtype }] }],
  [
    "Transpose",
    { results: ([x, order]) => [{ shape: numbersOf(order).map((axis) => x.shape[axis]), dtype: x.dtype }] },
  ],
  ["Slice", { results: ([{ dtype }, , sizes]) => [{ shape: numbersOf(sizes), dtype }] }],
  [
    "SplitV",
    {
      results: ([{ shape, dtype }, rows]) =>
        numbersOf(rows).map((count) => ({ shape: [count, ...shape.slice(1)], dtype })),
    },
  ],
  ["ConcatV2", { results: concatenated, list: "all-but-last" }],
  ["GatherV2", { results: ([x, indices]) => [{ shape: [...indices.shape, ...x.shape.slice(1)], dtype: x.dtype }] }],
  [
    "UnsortedSegmentSum",
    {
      results: ([updates, indices, rows]) => [
        { shape: [...numbersOf(rows), ...updates.shape.slice(indices.shape.length)], dtype: updates.dtype },
      ],
    },
  ],
  ["StatelessRandomUniform", { results: ([sizes]) => [{ shape: numbersOf(sizes), dtype: FLOAT }] }],
  ["Svd", { results: singular }],
  ["Qr", { results: orthogonal }],
]);

function same({ shape, dtype }: Value): Value {
  return { shape, dtype };
}

function numbersOf({ values }: Value): number[] {
  if (values === undefined) throw new TypeError("Sizes and axes must be constants.");
  return Array.from(values);
}

/** The shape that all broadcast to. */
function widest(all: readonly Value[]): readonly number[] {
  const longest = all.reduce((found, { shape }) => (shape.length > found.length ? shape : found), all[0].shape);
  if (all.every(({ shape }) => sizeOf(shape) === 1 || shape === longest)) return longest;
  return longest.map((_, axis) => {
    let size = 1;
    for (const { shape } of all) {
      const own = shape[axis - longest.length + shape.length];
      if (own !== undefined && own !== 1) size = own;
    }
    return size;
  });
}

function broadcast(dtype?: number): OperationRule["results"] {
  return (inputs) => [{ shape: widest(inputs), dtype: dtype ?? inputs[0].dtype }];
}

function product(transposeA: string, transposeB: string): OperationRule["results"] {
  return ([a, b], attributes) => {
    const [m, n] = [a.shape.length, b.shape.length];
    const rows = a.shape[attributes.get(transposeA) === true ? m - 1 : m - 2];
    const columns = b.shape[attributes.get(transposeB) === true ? n - 2 : n - 1];
    return [{ shape: [...a.shape.slice(0, -2), rows, columns], dtype: a.dtype }];
  };
}

function reduced([x, axes]: readonly Value[], attributes: AttributeValues): Value[] {
  const gone = numbersOf(axes);
  const shape =
    attributes.get("keep_dims") === true
      ? x.shape.map((size, axis) => (gone.includes(axis) ? 1 : size))
      : x.shape.filter((_, axis) => !gone.includes(axis));
  return [{ shape, dtype: x.dtype }];
}

function concatenated(inputs: readonly Value[]): Value[] {
  const parts = inputs.slice(0, -1);
  const rows = parts.reduce((sum, { shape }) => sum + shape[0], 0);
  return [{ shape: [rows, ...parts[0].shape.slice(1)], dtype: parts[0].dtype }];
}

function singular([{ shape, dtype }]: readonly Value[]): Value[] {
  const [m, n] = shape;
  const k = Math.min(m, n);
  return [[k], [m, k], [n, k]].map((each) => ({ shape: each, dtype }));
}

function orthogonal([{ shape, dtype }]: readonly Value[]): Value[] {
  const [m, n] = shape;
  const k = Math.min(m, n);
  return [
    [m, k],
    [k, n],
  ].map((each) => ({ shape: each, dtype }));
}
