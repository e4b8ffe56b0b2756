import assert from "node:assert/strict";

import { Random } from "../../src/base/random";
import type { Ops } from "../../src/ops/ops";
import type { Tensor } from "../../src/ops/tensor";

/** Builds results from inputs that `make` draws. */
export type Build = (ops: Ops, make: (...shape: number[]) => Tensor) => Tensor | readonly Tensor[];

/** Runs an expression on random inputs, the same for all implementations, and passes each result to `read`. */
export async function results<T>(ops: Ops, build: Build, read: (tensor: Tensor) => T | Promise<T>): Promise<T[]> {
  const before = ops.alive();
  const random = new Random(11);
  const made: Tensor[] = [];
  const make = (...shape: number[]): Tensor => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());
    made.push(ops.float(values, shape));
    return made[made.length - 1];
  };
  const out = build(ops, make);
  const list = Array.isArray(out) ? (out as readonly Tensor[]) : [out as Tensor];
  const found: T[] = [];
  for (const tensor of list) found.push(await read(tensor));
  ops.dispose(...list, ...made);
  assert.equal(ops.alive(), before, `${ops.name} leaves tensors behind`);
  return found;
}

/** Attention in two groups of documents, some of 7 and one of some other number of tokens, two heads of 5 columns. */
function bothSpans(
  ops: Ops,
  make: (...shape: number[]) => Tensor,
  span: "every-token" | "first-token",
  { short = 2, length = 3 } = {},
): readonly Tensor[] {
  const groups = [
    { row: 0, document: 0, documents: short, length: 7 },
    { row: 7 * short, document: short, documents: 1, length },
  ];
  const rows = 7 * short + length;
  const queries = span === "every-token" ? rows : short + 1;
  const { y, saved } = ops.attention(
    { q: make(queries, 10), k: make(rows, 10), v: make(rows, 10) },
    { layout: { heads: 2, groups, span }, drop: undefined, keep: true },
  );
  const dy = make(queries, 10);
  const { dq, dk, dv } = ops.attentionBackward(dy, saved, { needsKey: true });
  const without = ops.attentionBackward(dy, saved, { needsKey: false });
  assert.equal(without.dk, undefined);
  ops.dispose(without.dq, without.dv);
  ops.dispose(
    ...saved.parts.flatMap(({ weights, q, k, v, context }) => [weights, q, k, v, ...(context === y ? [] : [context])]),
  );
  return [y, dq, dk ?? dq, dv];
}

/** Expressions that together use every operation, by name. */
export const OPERATION_CASES: Readonly<Record<string, Build>> = {
  "add, broadcast": (ops, make) => ops.add(make(3, 4), make(4)),
  sub: (ops, make) => ops.sub(make(3, 4), make(3, 1)),
  mul: (ops, make) => ops.mul(make(3, 4), make(3, 4)),
  "scale and shift": (ops, make) => ops.tidy(() => ops.shift(ops.scale(make(3), 0.5), 2)),
  "div and sqrt": (ops, make) => ops.tidy(() => ops.div(make(3), ops.shift(ops.sqrt(ops.square(make(3))), 1))),
  "tanh, relu and its gradient": (ops, make) => [
    ops.tanh(make(5)),
    ops.relu(make(5)),
    ops.reluBackward(make(5), make(5)),
  ],
  "GELU and its derivative": (ops, make) => {
    const { y, derivative } = ops.gelu(make(4, 9), { derivative: true });
    return derivative === undefined ? [y] : [y, derivative];
  },
  "activations and their derivatives": (ops, make) =>
    (["gelu", "gelu-tanh", "silu"] as const).flatMap((activation) => {
      const x = make(4, 9);
      const { y, derivative } = ops.gelu(x, { activation, derivative: true });
      return [y, derivative ?? y, ops.gelu(x, { activation, derivative: false }).y];
    }),
  "gated activations and their gradients": (ops, make) =>
    (["gelu", "gelu-tanh", "silu"] as const).flatMap((activation) => {
      const x = make(5, 14);
      return [ops.gated(x, { activation }), ops.gatedBackward(make(5, 7), x, { activation })];
    }),
  "rotary positions, there and back": (ops, make) =>
    ops.tidy(() => {
      const [x, positions] = [make(5, 12), ops.int(Int32Array.of(0, 1, 2, 0, 6), [5])];
      const [cos, sin] = [make(7, 3), make(7, 3)];
      return [
        ops.rotary(x, { heads: 2, positions, cos, sin }),
        ops.rotary(x, { heads: 2, positions, cos, sin, inverse: true }),
      ];
    }),
  "products without a bias, and with other activations": (ops, make) =>
    ops.tidy(() => {
      const [x, w, bias] = [make(5, 4), ops.pack(make(4, 7), { transpose: false }), make(7)];
      const update = { low: make(5, 3), b: make(7, 3) };
      const fed = (["gelu", "gelu-tanh", "silu"] as const).flatMap((activation) =>
        [bias, undefined].flatMap((own) => {
          const { y, derivative } = ops.affineGelu(x, w, own, { activation, derivative: true });
          return [y, derivative ?? y, ops.affineGelu(x, w, own, { activation, derivative: false }).y];
        }),
      );
      const whole = { whole: make(5, 7) };
      const plain = [undefined, update, whole].map((added) => ops.affine(x, w, undefined, added));
      return [...plain, ops.affine(x, w, bias, whole), ...fed];
    }),
  matMul: (ops, make) => [
    ops.matMul(make(3, 4), make(4, 5)),
    ops.matMul(make(4, 3), make(4, 5), { transposeA: true }),
    ops.matMul(make(3, 4), make(5, 4), { transposeB: true }),
  ],
  "matMul over batches, deep, broad and of many rows": (ops, make) =>
    ops.tidy(() => {
      const shares = (rows: number, columns: number): Tensor => ops.scale(make(2, rows, columns), 1 / 30);
      return [
        ops.matMul(make(2, 3, 700), shares(700, 97)),
        ops.matMul(make(2, 1, 1100, 65), ops.reshape(shares(1100, 5), [2, 1, 1100, 5]), { transposeA: true }),
        ops.matMul(make(1, 150, 40), make(1, 300, 40), { transposeB: true }),
      ];
    }),
  "a matrix packed and unpacked": (ops, make) =>
    ops.tidy(() =>
      [
        [1, 1],
        [5, 70],
        [64, 96],
        [97, 33],
      ].flatMap(([rows, columns]) =>
        [true, false].map((transpose) => ops.unpack(ops.pack(make(rows, columns), { transpose }), { transpose })),
      ),
    ),
  "matMul over batches": (ops, make) => [
    ops.matMul(make(2, 2, 3, 4), make(2, 2, 4, 5)),
    ops.matMul(make(2, 4, 3), make(2, 4, 5), { transposeA: true }),
    ops.matMul(make(2, 3, 4), make(2, 5, 4), { transposeB: true }),
  ],
  addBias: (ops, make) => ops.addBias(make(3, 4), make(4)),
  sums: (ops, make) => [
    ops.sum(make(2, 3, 4), [0, 2]),
    ops.sum(make(2, 3), [1], { keepDims: true }),
    ops.sum(make(5, 3, 4), [1, 0]),
    ops.sum(make(2, 3, 4), [1], { keepDims: true }),
    ops.sum(make(2, 3), [0, 1]),
    ops.sum(make(2, 5000), [1]),
  ],
  transpositions: (ops, make) => [
    ops.transpose(make(70, 33), [1, 0]),
    ops.transpose(make(3, 4, 5), [2, 0, 1]),
    ops.transpose(make(2, 3, 4, 5), [0, 2, 1, 3]),
    ops.transpose(make(2, 3, 4, 5), [3, 1, 0, 2]),
    ops.transpose(make(6, 1), [1, 0]),
    ops.transpose(make(3, 1, 4), [2, 1, 0]),
  ],
  softmaxes: (ops, make) => [ops.softmax(make(2, 3, 4)), ops.logSoftmax(make(2, 3))],
  "layer norm": (ops, make) => {
    const { y, saved } = ops.layerNorm(make(3, 8), make(8), make(8), 1e-12);
    return [y, saved.normalized, saved.inverseDeviation, ops.layerNormBackward(make(3, 8), make(8), saved)];
  },
  "products with a packed matrix": (ops, make) => {
    const [w, turned, narrow] = [
      ops.pack(make(4, 7), { transpose: false }),
      ops.pack(make(7, 4), { transpose: true }),
      ops.pack(make(3, 7), { transpose: false }),
    ];
    const [x, bias, plus, times] = [make(5, 4), make(7), Array.from({ length: 6 }, () => make(5, 7)), make(5, 7)];
    const { y, derivative } = ops.affineGelu(x, turned, bias, { derivative: true });
    const pairs = [
      { x, w },
      { x: make(5, 3), w: narrow },
      { x: make(5, 4), w: turned },
      { x, w: turned },
      { x: make(5, 3), w: narrow },
    ];
    const out = [
      ops.product(x, w),
      ops.product(x, turned, { times }),
      ...pairs.map((_, i) => ops.products(pairs.slice(0, i + 1), { plus: plus.slice(i), times })),
      ...[1, 2, 3, 4, 5, 6].map((count) => ops.product(x, w, { plus: plus.slice(0, count), times })),
      ops.affine(x, w, bias),
      y,
      derivative ?? y,
      ops.affineGelu(x, w, bias, { derivative: false }).y,
    ];
    ops.dispose(w.laid, turned.laid, narrow.laid);
    return out;
  },
  "to a low rank and back": (ops, make) => {
    const [x, low, a] = [make(70, 33), make(70, 11), make(11, 33)];
    return [
      ops.lower(x, a, { scaling: 0.5, drop: undefined }).low,
      ops.lowerGradient(low, x, undefined),
      ops.lowerBackward(low, a, undefined),
    ];
  },
  "a low-rank update, alone and in a product": (ops, make) =>
    ops.tidy(() =>
      [3, 70].flatMap((rank) => {
        const update = { low: make(5, rank), b: make(7, rank) };
        return [
          ops.addLowRank(make(5, 7), update),
          ops.affine(make(5, 4), ops.pack(make(4, 7), { transpose: false }), make(7), update),
        ];
      }),
    ),
  addN: (ops, make) => [ops.addN([make(3, 4)]), ops.addN([make(3, 4), make(3, 4), make(3, 4)])],
  "norm of a sum with a residual": (ops, make) => {
    const { y, saved } = ops.residualNorm(make(3, 21), make(3, 21), {
      gamma: make(21),
      beta: make(21),
      epsilon: 1e-5,
      drop: undefined,
    });
    return [y, saved.normalized, saved.inverseDeviation, ops.residualNormBackward(make(3, 21), make(21), saved).dx];
  },
  "attention and its gradients": (ops, make) => bothSpans(ops, make, "every-token"),
  "attention of first tokens and its gradients": (ops, make) => bothSpans(ops, make, "first-token"),
  "attention of documents too different for one block": (ops, make) =>
    bothSpans(ops, make, "every-token", { short: 100, length: 300 }),
  "steps of AdamW": (ops, make) =>
    ops.tidy(() => {
      const gradient = (): Tensor => ops.shift(ops.square(make(5, 7)), 0.1);
      const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, learningRate: 0.1 };
      const inputs = { value: make(5, 7), gradient: gradient(), factor: 0.5, moments: undefined };
      const first = ops.adamStep(inputs, { ...options, step: 1, decayFactor: undefined });
      const half = ops.shift(ops.scale(make(1), 0), 0.5);
      const later = { ...first, gradient: gradient(), factor: half };
      const second = ops.adamStep(later, { ...options, step: 2, decayFactor: 0.99 });
      const third = ops.adamStep({ ...later, ...second, factor: 2 }, { ...options, step: 3, decayFactor: undefined });
      return [first, second, third].flatMap(({ value, moments: { m, v } }) => [value, m, v]);
    }),
  "reshape, transpose, slice, concat": (ops, make) =>
    ops.tidy(() =>
      ops.concatRows([
        ops.sliceRows(ops.transpose(ops.reshape(make(6, 4), [2, 3, 4]), [1, 0, 2]), 1, 2),
        make(1, 2, 4),
      ]),
    ),
  "many parts split and joined": (ops, make) =>
    ops.tidy(() => {
      const sizes = [1, 3, 0, 2, 1, 1, 4, 1, 5, 1, 1, 2, 1, 1, 1, 2, 3];
      const parts = ops.splitRows(make(30, 3), sizes);
      return [...parts, ops.concatRows([...parts].reverse()), ops.concatRows([make(2, 3, 2), make(1, 3, 2)])];
    }),
  "gather and scatter": (ops, make) =>
    ops.tidy(() =>
      ops.scatterRows(
        ops.gatherRows(make(4, 3), ops.int(Int32Array.of(3, 0, 3), [3])),
        ops.int(Int32Array.of(1, 1, 4), [3]),
        6,
      ),
    ),
};
