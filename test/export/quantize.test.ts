import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Tensor } from "onnxruntime-node";

import { Random } from "../../src/base/random";
import { GraphBuilder } from "../../src/export/onnx/graph-builder";
import { GraphWeights } from "../../src/export/onnx/graph-weights";
import { quantizeFactor, quantizeLinear, quantizeTable } from "../../src/export/onnx/quantize";
import { writeModel } from "../../src/export/onnx/write-model";
import { openOnnx } from "./onnx-models";

let folder = "";
before(async () => (folder = await mkdtemp(join(tmpdir(), "tslora-quantize-"))));
after(() => rm(folder, { recursive: true, force: true }));

const normals = (random: Random, count: number): Float32Array =>
  Float32Array.from({ length: count }, () => random.normal());

test("a weight in 8 bits is at most half a step from the number, with a step for each output or row", () => {
  const random = new Random(1);
  const [out, into] = [7, 33];
  const weight = normals(random, out * into);
  weight.fill(0, 0, into); // an output without weights
  const factor = quantizeFactor(weight, [out, into]);
  const linear = quantizeLinear(weight, [out, into]);
  const table = quantizeTable(weight, [out, into]);
  for (let row = 0; row < out; row++)
    for (let i = 0; i < into; i++) {
      const number = weight[row * into + i];
      const inProduct = factor.values[i * out + row] * factor.scales[row];
      const alone = linear.values[i * out + row] * linear.scales[row];
      const inTable = table.values[row * into + i] * table.scales[row];
      assert.ok(Math.abs(number - inProduct) <= factor.scales[row] * 0.5001, `${number} and ${inProduct}`);
      assert.ok(Math.abs(number - alone) <= linear.scales[row] * 0.5001, `${number} and ${alone}`);
      assert.ok(Math.abs(number - inTable) <= table.scales[row] * 0.5001, `${number} and ${inTable}`);
    }
  const largest = ({ values }: { values: Int8Array }): number => Math.max(...values.map(Math.abs));
  assert.deepEqual([factor, linear, table].map(largest), [64, 127, 127]);
  assert.deepEqual([factor.scales[0], linear.scales[0], table.scales[0]], [1, 1, 1]);
});

test("a row or an output with NaN or Infinity does not become a finite one", () => {
  for (const bad of [NaN, Infinity, -Infinity])
    for (const quantize of [quantizeFactor, quantizeLinear, quantizeTable]) {
      const { scales } = quantize(Float32Array.of(0.1, bad, 0.5, 0.25), [2, 2]);
      assert.ok(
        !Number.isFinite(scales[0]) && scales[1] > 0 && scales[1] < 1,
        `${quantize.name} of ${bad}: ${scales.join()}`,
      );
    }
});

test("the largest inputs and weights do not overflow the 16 bits of a processor without VNNI", () => {
  assert.ok(2 * 255 * 64 <= 2 ** 15 - 1);
});

test("an integer product differs by at most its quantization steps", async () => {
  const random = new Random(2);
  const [rows, into, out] = [5, 48, 16];
  const [weight, bias, x] = [normals(random, out * into), normals(random, out), normals(random, rows * into)];
  const builder = new GraphBuilder();
  const weights = [
    { name: "dense.weight", shape: [out, into], read: async () => weight },
    { name: "dense.bias", shape: [out], read: async () => bias },
  ];
  const graph = new GraphWeights(builder, { weights, quantize: "int8" });
  builder.name(graph.linear("x", { name: "dense", hasBias: true }), "y");
  const path = join(folder, "linear.onnx");
  await writeModel(path, {
    name: "linear",
    builder,
    inputs: [{ name: "x", type: "float", shape: ["rows", into] }],
    outputs: [{ name: "y", type: "float", shape: ["rows", out] }],
  });
  const { y } = await (await openOnnx(path)).run({ x: new Tensor("float32", x, [rows, into]) });
  const { scales } = quantizeFactor(weight, [out, into]);
  const step = (Math.max(0, ...x) - Math.min(0, ...x)) / 255;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < out; column++) {
      let [exact, bound] = [bias[column], 1e-4];
      for (let i = 0; i < into; i++) {
        const [a, w] = [x[row * into + i], weight[column * into + i]];
        const half = scales[column] / 2;
        exact += a * w;
        bound += Math.abs(a) * half + (Math.abs(w) + half) * step; // an input is off by a step at most
      }
      const found = Number(y.data[row * out + column]);
      assert.ok(Math.abs(found - exact) <= bound, `${found} for ${exact}, bound ${bound}`);
    }
});
