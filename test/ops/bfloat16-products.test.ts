import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { INSTRUCTIONS } from "../../src/ops/instructions";
import { kernelOps } from "../../src/ops/kernel-ops";
import { bfloat16Product, CASES } from "./bfloat16-cases";
import { referenceDot, toBfloat16 } from "./bfloat16-reference";
import { normalCase } from "./int8-cases";

const { bfloat16Methods: methods, instructions: own } = kernelOps();
const run = promisify(execFile);
const EPSILON = 2 ** -24;
const rowOf = (values: Float32Array, row: number, width: number): Float32Array =>
  values.subarray(row * width, (row + 1) * width);

for (const method of methods)
  test(`products in bfloat16 by ${method} are those of the definition, bit for bit`, async () => {
    const ops = kernelOps(undefined, { bfloat16: method });
    const before = ops.alive();
    for (const [name, given] of Object.entries(CASES)) {
      const found = await bfloat16Product(ops, given);
      for (let i = 0; i < found.length; i++) {
        const [row, column] = [Math.floor(i / given.columns), i % given.columns];
        if (given.columns > 100 && column % 17 !== 0) continue; // of many columns, one in 17
        const [x, w] = [rowOf(given.x, row, given.depth), rowOf(given.w, column, given.depth)];
        const wanted = referenceDot(x, w, method);
        assert.ok(Object.is(found[i], wanted), `${name}, ${row}, ${column}: ${found[i]}, not ${wanted}`);
      }
    }
    assert.equal(ops.alive(), before);
  });

for (const instructions of INSTRUCTIONS)
  test(`products in bfloat16 of the kernels for ${instructions} are these, bit for bit`, async (context) => {
    const env = { ...process.env, TSLORA_INSTRUCTIONS: instructions, TF_CPP_MIN_LOG_LEVEL: "2" };
    const child = run(process.execPath, [join(__dirname, "bfloat16-child.js")], { env, maxBuffer: 2 ** 28 });
    const printed = await child.catch((error: unknown) => {
      if (/TSLORA_INSTRUCTIONS must name instructions of this|kernels must be compiled for/.test(String(error)))
        return undefined;
      throw error;
    });
    if (printed === undefined) {
      assert.notEqual(instructions, own);
      context.skip(`NOT TESTED: this processor has no ${instructions}, or the kernels were not compiled for it`);
      return;
    }
    const found = JSON.parse(printed.stdout) as Record<string, string[]>;
    for (const method of ["emulated-pairs", "emulated-blocks"] as const) {
      const ops = kernelOps(undefined, { bfloat16: method });
      const wanted: string[] = [];
      for (const given of Object.values(CASES))
        wanted.push(Buffer.from((await bfloat16Product(ops, given)).buffer).toString("base64"));
      assert.deepEqual(found[method], wanted, method);
      const real = found[method.slice("emulated-".length)];
      if (real !== undefined) assert.deepEqual(real, wanted, `${method}'s instructions`);
    }
  });

for (const method of methods)
  test(`a product in bfloat16 by ${method} is as far from the exact one as rounding to 8 bits allows`, async () => {
    const { rows, depth, columns, x, w } = normalCase([13, 500, 33], 3);
    const found = await bfloat16Product(kernelOps(undefined, { bfloat16: method }), { rows, depth, columns, x, w });
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        let [exact, size] = [0, 0];
        for (let k = 0; k < depth; k++) {
          const product = x[row * depth + k] * w[column * depth + k];
          exact += product;
          size += Math.abs(product);
        }
        const bound = size * (2 * 2 ** -9 + 2 ** -18 + 2 * depth * EPSILON);
        assert.ok(Math.abs(found[row * columns + column] - exact) <= bound, `${row} ${column}`);
      }
  });

test("all that follows a product follows one in bfloat16: updates, bias, activations, sums of three and a factor", async () => {
  const ops = kernelOps(undefined, { bfloat16: "emulated-pairs" });
  const before = ops.alive();
  const { rows, depth, columns, x, w, bias } = normalCase([13, 70, 33]);
  const random = normalCase([13, 9, 33], 6);
  const pairs = ops.escape(() => {
    const rounded = (values: Float32Array): Float32Array => values.map(toBfloat16);
    const input = ops.float(rounded(x), [rows, depth]);
    const weight = ops.float(rounded(w), [columns, depth]);
    const [low, b] = [ops.float(random.x, [13, 9]), ops.float(random.w, [33, 9])];
    const [factor, more] = [ops.float(random.x.slice(0, rows), [rows, 1]), ops.float(bias, [columns])];
    const times = ops.mul(factor, ops.shift(ops.mul(more, more), 1));
    const both = (["float32", "bfloat16"] as const).map((precision) => {
      const packed = ops.pack(weight, { transpose: true, precision });
      const pair = { x: input, w: packed };
      const activated = ops.affineGelu(input, packed, more, { activation: "silu", derivative: true });
      return [
        ops.affine(input, packed, more),
        ops.affine(input, packed, more, { low, b }),
        activated.y,
        activated.derivative ?? activated.y,
        ops.products([pair, { x: low, w: ops.pack(b, { transpose: true }) }, pair], { plus: [times], times }),
        ops.products([pair, pair, pair, pair], { times }),
      ];
    });
    return both[0].map((tensor, i) => [tensor, both[1][i]] as const);
  });
  // The operands are numbers of bfloat16 already, so that both differ by the order of their sums alone.
  for (const [found, wanted] of pairs) {
    const [a, other] = [await ops.read(found), await ops.read(wanted)];
    a.forEach((value, i) => assert.ok(Math.abs(value - other[i]) <= 2 ** -16 * (1 + Math.abs(value)), String(i)));
  }
  ops.disposeIn(pairs);
  assert.equal(ops.alive(), before);
});

test("a matrix in bfloat16 that does not fit is refused, not read past", () => {
  const ops = kernelOps(undefined, { bfloat16: "emulated-pairs" });
  ops.tidy(() => {
    const packed = ops.pack(ops.float(new Float32Array(12), [3, 4]), { transpose: true, precision: "bfloat16" });
    const [x, wide] = [ops.float(new Float32Array(5), [1, 5]), ops.float(new Float32Array(40), [1, 40])];
    for (const other of [x, wide])
      assert.throws(() => ops.product(other, packed), /TsloraProduct: x must have 4 columns; got (5|40)/);
    const asFloats = { ...packed, precision: "float32" as const };
    assert.throws(() => ops.product(ops.float(new Float32Array(4), [1, 4]), asFloats), /TsloraProduct: x must be/);
    return [];
  });
});
