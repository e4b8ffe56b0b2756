import assert from "node:assert/strict";
import { test } from "node:test";

import { Random } from "../../src/base/random";
import { blockDropout } from "../../src/ops/dropout-block";
import { kernelOps } from "../../src/ops/kernel-ops";
import type { AttentionLayout, Drop, LengthGroup, Ops } from "../../src/ops/ops";
import { relativeBlocks } from "../../src/ops/relative-blocks";
import type { Tensor } from "../../src/ops/tensor";
import { tensorflowOps } from "../../src/ops/tensorflow-ops";
import { tfjsOps } from "../../src/ops/tfjs-ops";
import { expectWithin } from "./expect-within";
import { naiveAttention, type NaiveInputs } from "./naive-attention";
import { referenceOps } from "./reference-ops";

const HEADS = 2;
const implementations: Record<string, Ops> = { kernels: kernelOps(), tensorflow: tensorflowOps(), tfjs: tfjsOps() };

/** Relative terms of attention, by the sizes of their tensors. */
interface Case {
  readonly lengths: readonly number[];
  readonly headDim: number;
  readonly span?: AttentionLayout["span"];
  readonly window?: number;
  readonly scale?: number;
  readonly bias?: boolean;
  readonly positions?: "key" | "query" | "both";
}

const cases: Record<string, Case> = {
  "a window": { lengths: [5, 5, 150, 203], headDim: 5, window: 7 },
  "a window of ModernBERT's size": { lengths: [3, 64, 129, 130, 131], headDim: 8, window: 64 },
  "a window of 0": { lengths: [2, 70], headDim: 3, window: 0 },
  "a window that is longer than its documents": { lengths: [4, 9], headDim: 3, window: 9 },
  "a window, first tokens": { lengths: [5, 5, 40], headDim: 5, window: 7, span: "first-token" },
  "a bias": { lengths: [1, 7, 7, 30], headDim: 5, bias: true },
  "a bias, first tokens": { lengths: [1, 7, 7, 30], headDim: 5, bias: true, span: "first-token" },
  "a bias and a window": { lengths: [7, 90], headDim: 5, bias: true, window: 6 },
  "positions' keys": { lengths: [6, 6, 33], headDim: 5, positions: "key", scale: 0.3 },
  "positions' queries": { lengths: [6, 6, 33], headDim: 5, positions: "query", scale: 0.3 },
  "disentangled attention": { lengths: [2, 6, 6, 70, 200], headDim: 8, positions: "both", scale: 0.2 },
  "disentangled attention, first tokens": { lengths: [6, 6, 70], headDim: 5, positions: "both", span: "first-token" },
  "all terms": { lengths: [9, 80, 120], headDim: 5, positions: "both", bias: true, window: 11, scale: 0.25 },
};

function groupsOf(lengths: readonly number[]): LengthGroup[] {
  const groups: LengthGroup[] = [];
  let row = 0;
  lengths.forEach((length, document) => {
    const last = groups.at(-1);
    if (last?.length === length) groups[groups.length - 1] = { ...last, documents: last.documents + 1 };
    else groups.push({ row, document, documents: 1, length });
    row += length;
  });
  return groups;
}

/** A log bucket for each distance, as DeBERTa-v2 has: exact up to 4, then coarser. */
function buckets(reach: number): Int32Array {
  const bucket = (distance: number): number => {
    const size = Math.abs(distance);
    return Math.sign(distance) * (size <= 4 ? size : Math.min(4 + Math.ceil(Math.log2(size / 4)), 8));
  };
  return Int32Array.from({ length: 2 * reach + 1 }, (_, column) => 8 + bucket(reach - column));
}
const POSITIONS = 17;

interface Numbers extends NaiveInputs {
  readonly q: Float32Array;
  readonly k: Float32Array;
  readonly v: Float32Array;
  readonly bias?: Float32Array;
  readonly key?: Float32Array;
  readonly query?: Float32Array;
  readonly index?: Int32Array;
}

/** A case's layout and its inputs, always the same. */
function problemOf(of: Case): { layout: AttentionLayout; width: number; numbers: Numbers; dy: Float32Array } {
  const { lengths, headDim, span = "every-token", window, scale, bias, positions } = of;
  const random = new Random(7);
  const width = HEADS * headDim;
  const values = (...shape: number[]): Float32Array =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());
  const rows = lengths.reduce((a, b) => a + b, 0);
  const queries = span === "every-token" ? rows : lengths.length;
  const reach = Math.max(...lengths) + 2;
  return {
    layout: { heads: HEADS, groups: groupsOf(lengths), span, window, scale },
    width,
    numbers: {
      q: values(queries, width),
      k: values(rows, width),
      v: values(rows, width),
      ...(bias === true ? { bias: values(HEADS, 2 * reach + 1) } : {}),
      ...(positions === undefined ? {} : { index: buckets(reach) }),
      ...(positions === "key" || positions === "both" ? { key: values(POSITIONS, width) } : {}),
      ...(positions === "query" || positions === "both" ? { query: values(POSITIONS, width) } : {}),
    },
    dy: values(queries, width),
  };
}

/** Attention and every gradient of a case. The caller owns the tensors. */
function attend(ops: Ops, of: Case, drop?: Drop): Record<string, Tensor> {
  const { layout, width, numbers, dy } = problemOf(of);
  const { bias, key, query, index } = numbers;
  const matrix = (values: Float32Array, columns = width): Tensor =>
    ops.float(values.slice(), [values.length / columns, columns]);
  return ops.tidy(() => {
    const [positionKey, positionQuery] = [key && matrix(key), query && matrix(query)];
    const inputs = {
      q: matrix(numbers.q),
      k: matrix(numbers.k),
      v: matrix(numbers.v),
      bias: bias && matrix(bias, bias.length / HEADS),
      positions: index && { key: positionKey, query: positionQuery, index },
    };
    const { y, saved } = ops.attention(inputs, { layout, drop, keep: true });
    const unkept = ops.attention(inputs, { layout, drop, keep: false });
    const d = ops.attentionBackward(matrix(dy), saved, { needsKey: true, needsBias: true, needsPositions: true });
    const fewer = ops.attentionBackward(matrix(dy), saved, { needsKey: false });
    assert.deepEqual([fewer.dk, fewer.dBias, fewer.dPositions], [undefined, undefined, undefined]);
    return {
      y,
      unkept: unkept.y,
      dq: d.dq,
      ...(d.dk && { dk: d.dk }),
      dv: d.dv,
      fewerDq: fewer.dq,
      fewerDv: fewer.dv,
      ...(d.dBias && { dBias: d.dBias }),
      ...(d.dPositions?.key && { dKey: d.dPositions.key }),
      ...(d.dPositions?.query && { dQuery: d.dPositions.query }),
    };
  });
}

/** The derivative of sum(y dy) by one number of an input, by the definition of attention. */
function slope(of: Case, name: "q" | "k" | "v" | "bias" | "key" | "query", at: number): number {
  const { layout, width, numbers, dy } = problemOf(of);
  const step = 2 ** -13;
  const value = (by: number): number => {
    const moved = Float64Array.from(numbers[name] ?? []);
    moved[at] += by;
    return naiveAttention({ ...numbers, [name]: moved }, layout, width).reduce((sum, y, i) => sum + y * dy[i], 0);
  };
  return (value(step) - value(-step)) / (2 * step);
}

for (const [name, of] of Object.entries(cases)) {
  test(`attention by its definition, in double precision: ${name}`, () => {
    const reference = referenceOps();
    const found = attend(reference, of);
    const { layout, width, numbers } = problemOf(of);
    const wanted = naiveAttention(numbers, layout, width);
    const { values } = reference.bounded(found.y);
    values.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < 1e-12, `y ${i}: ${value} and ${wanted[i]}`));
    const gradients = { q: "dq", k: "dk", v: "dv", bias: "dBias", key: "dKey", query: "dQuery" } as const;
    const random = new Random(3);
    for (const [input, gradient] of Object.entries(gradients)) {
      const given = numbers[input as keyof typeof gradients];
      assert.equal(found[gradient] === undefined, given === undefined, gradient);
      if (given === undefined) continue;
      const slopes = reference.bounded(found[gradient]).values;
      assert.equal(slopes.length, given.length, gradient);
      for (let sample = 0; sample < 12; sample++) {
        const at = Math.floor(random.uniform() * given.length);
        const measured = slope(of, input as keyof typeof gradients, at);
        // A difference quotient is off by a third derivative times the step's square, and by rounding over the step.
        assert.ok(Math.abs(slopes[at] - measured) < 1e-5, `${gradient} ${at}: ${slopes[at]}, measured ${measured}`);
      }
    }
    reference.disposeIn(found);
    assert.equal(reference.alive(), 0);
  });

  test(`every implementation gives the double-precision result up to 32-bit rounding: ${name}`, async () => {
    const reference = referenceOps();
    const wanted = attend(reference, of);
    const sizes = Object.values(wanted).flatMap((tensor) => [...reference.bounded(tensor).values].map(Math.abs));
    const scale = sizes.reduce((largest, size) => Math.max(largest, size), 0);
    for (const [which, ops] of Object.entries(implementations)) {
      const before = ops.alive();
      const found = attend(ops, of);
      assert.deepEqual(Object.keys(found), Object.keys(wanted));
      for (const [output, tensor] of Object.entries(found)) {
        assert.deepEqual(tensor.shape, wanted[output].shape);
        expectWithin(await ops.read(tensor), reference.bounded(wanted[output]), {
          what: `${which}, ${output}`,
          scale,
        });
      }
      ops.disposeIn(found);
      assert.equal(ops.alive(), before, `${which} leaves tensors behind`);
    }
  });
}

/** The masks that the kernels draw for a case, by the shapes and seeds of the composed operations. */
async function kernelMasks(of: Case, { rate, seed }: Drop): Promise<Map<string, Float32Array>> {
  const { layout } = problemOf(of);
  const kernels = implementations["kernels"];
  const first = layout.span === "first-token";
  const documents = layout.groups.flatMap(({ row, documents: count, length }) =>
    Array.from({ length: count }, (_, i) => ({ row: row + i * length, length, queries: first ? 1 : length })),
  );
  const longest = Math.max(...of.lengths);
  const draws = documents.reduce((sum, { queries }) => sum + HEADS * queries, 0);
  const mask = kernels.keepMask([draws, longest], { rate, seed });
  const rows = Float32Array.from(await kernels.read(mask));
  kernels.dispose(mask);
  const documentOf = (row: number): number => documents.findLastIndex((document) => document.row <= row);
  const found = new Map<string, Float32Array>();
  relativeBlocks(layout).blocks.forEach((block, i) => {
    const { pieces, queries, keys } = block;
    const own = new Float32Array(pieces * HEADS * queries * keys);
    for (let at = 0; at < own.length; at++) {
      const [key, query, head] = [at % keys, Math.floor(at / keys) % queries, Math.floor(at / keys / queries) % HEADS];
      const piece = Math.floor(at / keys / queries / HEADS);
      const [keyPlace, queryPlace] = [piece * keys + key, piece * queries + query];
      if (block.keyTokens[keyPlace] === 0 || block.queryTokens[queryPlace] === 0) continue;
      const document = documentOf(block.keyRows[keyPlace]);
      const before = documents.slice(0, document).reduce((sum, each) => sum + HEADS * each.queries, 0);
      const queryRow = block.queryRows[queryPlace];
      const token = first ? 0 : queryRow - documents[document].row;
      const row = before + head * documents[document].queries + token;
      own[at] = rows[row * longest + block.keyRows[keyPlace] - documents[document].row];
    }
    found.set(`${[pieces, HEADS, queries, keys].join()} ${blockDropout({ rate, seed }, i).seed.join()}`, own);
  });
  return found;
}

for (const name of ["a window", "a window, first tokens", "disentangled attention", "all terms"]) {
  test(`the kernels drop what their masks say, in both directions: ${name}`, async () => {
    const of = cases[name];
    const drop = { rate: 0.3, seed: [5, 6] } as const;
    const reference = referenceOps();
    for (const [key, mask] of await kernelMasks(of, drop)) reference.masks.set(key, mask);
    const wanted = attend(reference, of, drop);
    const found = attend(implementations["kernels"], of, drop);
    for (const [output, tensor] of Object.entries(found))
      expectWithin(await implementations["kernels"].read(tensor), reference.bounded(wanted[output]), { what: output });
    implementations["kernels"].disposeIn(found);
  });
}

test("attention with a window does not read what lies beyond it", async () => {
  const layout = { heads: 1, groups: groupsOf([200]), span: "every-token", window: 3 } as const;
  for (const ops of Object.values(implementations)) {
    const values = new Float32Array(200).fill(0.5);
    values[150] = NaN;
    const x = ops.float(values, [200, 1]);
    const { y } = ops.attention({ q: x, k: x, v: x }, { layout, drop: undefined, keep: false });
    const found = [...(await ops.read(y))];
    // Products with a weight of 0 are NaN within a block of queries and keys, but no farther.
    found.forEach((value, i) => {
      if (Math.abs(i - 150) <= 3) assert.ok(Number.isNaN(value), `${i}`);
      else if (Math.abs(i - 150) > 2 * 64) assert.ok(Math.abs(value - 0.5) < 1e-6, `${i}: ${value}`);
    });
    ops.dispose(x, y);
  }
});

test("terms that do not fit are refused, with their sizes", () => {
  for (const ops of Object.values(implementations)) {
    const before = ops.alive();
    const x = ops.float(new Float32Array(40), [10, 4]);
    const narrow = ops.float(new Float32Array(30), [10, 3]);
    const bias = ops.float(new Float32Array(34), [2, 17]);
    const layout = { heads: 2, groups: groupsOf([10]), span: "every-token" } as const;
    const run = (terms: object, limits: object = {}): void =>
      void ops.attention(
        { q: x, k: x, v: x, ...terms },
        { layout: { ...layout, ...limits }, drop: undefined, keep: false },
      );
    assert.throws(() => run({ bias }), /bias must be \[2, 2 reach \+ 1\] with a reach of at least 9; got \[2, 17\]/);
    assert.throws(() => run({ bias }, { window: 8.5 }), /window must be a whole number, at least 0; got 8.5/);
    assert.throws(() => run({}, { window: -1 }), /window must be a whole number/);
    const index = new Int32Array(19);
    assert.throws(() => run({ positions: { index } }), /positions must have a key or a query; got neither/);
    assert.throws(() => run({ positions: { index, key: narrow } }), /positions.key must be \[10, 4\]; got \[10, 3\]/);
    assert.throws(
      () => run({ positions: { index, key: x, query: ops.tidy(() => ops.sliceRows(x, 0, 2)) } }),
      /positions.query must be \[10, 4\]; got \[2, 4\]/,
    );
    assert.throws(
      () => run({ positions: { index: new Int32Array(17), key: x } }),
      /positions.index must have 2 reach \+ 1 numbers with a reach of at least 9; got 17 numbers/,
    );
    assert.throws(
      () => run({ positions: { index: index.fill(10), key: x } }),
      /positions.index must hold rows of its 10 positions; got 10/,
    );
    const u = ops.float(new Float32Array(8), [1, 2, 4]);
    assert.throws(
      () =>
        ops.poolTokens(
          { x, u },
          { layout: { ...layout, window: 3, span: "first-token" }, drop: undefined, keep: false },
        ),
      /poolTokens must have a layout without a window; got window 3/,
    );
    ops.dispose(x, narrow, bias, u);
    assert.ok(ops.alive() <= before + 1); // the slice of the refused call
  }
});
