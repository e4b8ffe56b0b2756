import assert from "node:assert/strict";
import { test } from "node:test";

import { Random } from "../../src/base/random";
import { kernelOps } from "../../src/ops/kernel-ops";
import type { Ops } from "../../src/ops/ops";
import type { Tensor } from "../../src/ops/tensor";
import { tensorflowOps } from "../../src/ops/tensorflow-ops";
import { tfjsOps } from "../../src/ops/tfjs-ops";
import { expectWithin } from "./expect-within";
import { referenceOps } from "./reference-ops";

const raw = kernelOps();
const implementations: Record<string, Ops> = { kernels: raw, tensorflow: tensorflowOps(), tfjs: tfjsOps() };

type Build = (ops: Ops, make: (...shape: number[]) => Tensor) => Tensor | readonly Tensor[];

/** Runs an expression on random inputs, the same for all implementations, and passes each result to `read`. */
async function results<T>(ops: Ops, build: Build, read: (tensor: Tensor) => T | Promise<T>): Promise<T[]> {
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

const cases: Record<string, Build> = {
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
  sums: (ops, make) => [ops.sum(make(2, 3, 4), [0, 2]), ops.sum(make(2, 3), [1], { keepDims: true })],
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
  "reshape, transpose, slice, concat": (ops, make) =>
    ops.tidy(() =>
      ops.concatRows([
        ops.sliceRows(ops.transpose(ops.reshape(make(6, 4), [2, 3, 4]), [1, 0, 2]), 1, 2),
        make(1, 2, 4),
      ]),
    ),
  "gather and scatter": (ops, make) =>
    ops.tidy(() =>
      ops.scatterRows(
        ops.gatherRows(make(4, 3), ops.int(Int32Array.of(3, 0, 3), [3])),
        ops.int(Int32Array.of(1, 1, 4), [3]),
        6,
      ),
    ),
};
for (const [name, build] of Object.entries(cases)) {
  test(`every implementation gives the double-precision result up to 32-bit rounding: ${name}`, async () => {
    const reference = referenceOps();
    const wanted = await results(reference, build, (tensor) => reference.bounded(tensor));
    for (const [which, ops] of Object.entries(implementations)) {
      const found = await results(ops, build, (tensor) => ops.read(tensor));
      assert.equal(found.length, wanted.length);
      found.forEach((values, k) => expectWithin(values, wanted[k], { what: `${which}, output ${k}` }));
    }
  });
}

/** The largest distance of a matrix product from a matrix. */
function distance(product: readonly (readonly number[])[], wanted: readonly (readonly number[])[]): number {
  return Math.max(...product.flatMap((row, i) => row.map((value, j) => Math.abs(value - wanted[i][j]))));
}

const times = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number[][] =>
  a.map((row) => b[0].map((_, j) => row.reduce((sum, value, k) => sum + value * b[k][j], 0)));
const turned = (a: readonly (readonly number[])[]): number[][] => a[0].map((_, j) => a.map((row) => row[j]));
const identity = (size: number): number[][] =>
  Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => Number(i === j)));

// Signs of vectors are the implementation's. What they rebuild, and that they are orthonormal, is not: errors are a
// small multiple of the unit roundoff, by the sizes of the matrix (Higham, 2002, theorem 19.4).
for (const [m, n] of [
  [5, 3],
  [4, 4],
  [3, 6],
]) {
  for (const [which, ops] of Object.entries(implementations)) {
    test(`${which}: singular vectors and a QR decomposition rebuild their matrix ${m} x ${n}, and are orthonormal`, async () => {
      const random = new Random(11);
      const values = Float32Array.from({ length: m * n }, () => random.normal());
      const x = ops.float(values, [m, n]);
      const { u, s, v } = ops.svd(x);
      const { q, r } = ops.qr(x);
      const matrix = async (tensor: Tensor): Promise<number[][]> => {
        const [columns, all] = [tensor.shape[tensor.shape.length - 1], [...(await ops.read(tensor))]];
        return Array.from({ length: all.length / columns }, (_, i) => all.slice(i * columns, (i + 1) * columns));
      };
      const [left, [sizes], right, orthonormal, upper] = [
        await matrix(u),
        await matrix(s),
        await matrix(v),
        await matrix(q),
        await matrix(r),
      ];
      ops.dispose(x, u, s, v, q, r);
      const rows = Array.from({ length: m }, (_, i) => [...values.subarray(i * n, (i + 1) * n)]);
      const k = Math.min(m, n);
      const unit = 8 * m * n * 2 ** -24;
      const norm = Math.hypot(...values);
      assert.ok(
        distance(
          times(
            left.map((row) => row.map((value, j) => value * sizes[j])),
            turned(right),
          ),
          rows,
        ) <=
          unit * norm,
      );
      assert.ok(distance(times(orthonormal, upper), rows) <= unit * norm);
      for (const vectors of [left, right, orthonormal])
        assert.ok(distance(times(turned(vectors), vectors), identity(k)) <= unit);
      assert.ok(
        sizes.every((size, i) => size >= (sizes[i + 1] ?? 0)),
        "singular values fall",
      );
      assert.ok(Math.abs(Math.hypot(...sizes) - norm) <= unit * norm, "and have the matrix's norm");
      assert.ok(
        upper.every((row, i) => row.every((value, j) => j >= i || Math.abs(value) <= unit * norm)),
        "r is upper triangular",
      );
    });
  }
}

test("GELU and its derivative are x Phi(x) and its slope", async () => {
  const xs = Float32Array.of(-3, -1, -0.25, 0, 0.5, 2, 4);
  const x = raw.float(xs, [xs.length]);
  const { y, derivative } = raw.gelu(x, { derivative: true });
  assert.ok(derivative);
  const [values, slopes] = [await raw.read(y), await raw.read(derivative)];
  // torch.nn.functional.gelu in double precision, and its slope; a few roundings of numbers up to 4.
  const reference = [
    -0.004049694094890287, -0.15865525393145707, -0.10032341857926907, 0, 0.34573123063700656, 1.9544997361036416,
    3.9998733150326675,
  ];
  reference.forEach((value, i) => assert.ok(Math.abs(values[i] - value) <= 16 * 2 ** -24 * Math.abs(xs[i])));
  assert.ok(Math.abs(slopes[3] - 0.5) <= 2 ** -24);
  raw.dispose(x, y, derivative);
});

test("activations by tanh and SiLU are PyTorch's", async () => {
  const xs = Float32Array.of(-3, -1, -0.25, 0, 0.5, 2, 4);
  // torch.nn.functional.gelu(x, approximate="tanh") and silu(x) in double precision.
  const wanted = {
    "gelu-tanh": [
      -0.0036373920817729943, -0.15880800939172324, -0.100324649298315, 0, 0.34571400982514394, 1.954597694087775,
      3.9999297540518075,
    ],
    silu: [...xs].map((x) => x / (1 + Math.exp(-x))),
  };
  for (const ops of Object.values(implementations)) {
    const x = ops.float(xs, [xs.length]);
    for (const [activation, values] of Object.entries(wanted)) {
      const { y } = ops.gelu(x, { activation: activation as keyof typeof wanted, derivative: false });
      const found = await ops.read(y);
      values.forEach((value, i) => assert.ok(Math.abs(found[i] - value) <= 16 * 2 ** -24 * Math.abs(xs[i])));
      ops.dispose(y);
    }
    ops.dispose(x);
  }
});

test("a tidy keeps what it returns, however deep, and frees the rest", () => {
  const before = raw.alive();
  const kept = raw.tidy(() => {
    const x = raw.float(Float32Array.of(1, 2), [2]);
    const inner = raw.tidy(() => ({ list: [raw.scale(x, 2)], gone: 1 }));
    raw.scale(x, 3);
    return { inner };
  });
  assert.equal(raw.alive(), before + 1);
  raw.dispose(kept.inner.list[0]);
  assert.throws(
    () =>
      raw.tidy(() => {
        raw.float(Float32Array.of(1), [1]);
        throw new Error("halfway");
      }),
    /halfway/,
  );
  assert.equal(raw.alive(), before);
});

test("using a tensor after its disposal is an error, not a crash", () => {
  const x = raw.float(Float32Array.of(1), [1]);
  raw.dispose(x);
  assert.throws(() => raw.scale(x, 2), /disposed/);
  assert.throws(() => raw.float(Float32Array.of(1, 2), [3]), /must have 3 values; got 2/);
});

for (const [rate, shape] of [
  [0.1, [40_000]],
  [0.1, [5, 81, 101]],
  [0.5, [200, 200]],
  [0.003, [200, 199]],
  [0.9975, [300, 200]],
] as const) {
  test(`what dropout keeps at rate ${rate} of [${shape.join(", ")}]: values and mean by the formula, and a function of the seed`, async () => {
    const n = shape.reduce((a, b) => a * b, 1);
    const draw = async (seed: [number, number]): Promise<Float32Array> => {
      const mask = raw.keepMask(shape, { rate, seed });
      assert.deepEqual(mask.shape, shape);
      const values = Float32Array.from(await raw.read(mask));
      raw.dispose(mask);
      return values;
    };
    const before = raw.alive();
    const mask = await draw([1, 2]);
    assert.equal(raw.alive(), before);
    assert.deepEqual(mask, await draw([1, 2]));
    assert.notDeepEqual(mask, await draw([1, 3]));
    assert.notDeepEqual(mask, await draw([2, 2]));
    assert.ok(mask.every((value) => value === 0 || value === 1));
    // Over twenty draws: 0.1 is not to be 26 / 256, nor 25 / 256.
    let dropped = 0;
    for (let i = 0; i < 20; i++) dropped += n - (await draw([9, i])).reduce((a, b) => a + b, 0);
    const deviation = Math.sqrt((rate * (1 - rate)) / (20 * n));
    assert.ok(Math.abs(dropped / (20 * n) - rate) < 4.5 * deviation, `rate ${dropped / (20 * n)}`);
  });
}
