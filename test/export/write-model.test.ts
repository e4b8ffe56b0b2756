import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { fromBinary } from "@bufbuild/protobuf";

import { GraphBuilder } from "../../src/export/onnx/graph-builder";
import { ModelProtoSchema } from "../../src/export/onnx/schema/onnx_pb";
import { MOST_BYTES, writeModel, type WholeGraph } from "../../src/export/onnx/write-model";

let folder = "";
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "tslora-write-"))));
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A sum of weights, with a function that each weight calls when it is read. */
function sumOf(sizes: readonly number[], onRead: (weight: number) => Promise<void>): WholeGraph {
  const builder = new GraphBuilder();
  const weights = sizes.map((size, i) =>
    builder.store({
      name: `w${i}`,
      type: "float",
      shape: [size],
      read: async () => (await onRead(i), new Float32Array(size).fill(i + 0.5)),
    }),
  );
  builder.name(builder.node("Sum", weights), "y");
  return { name: "sum", builder, inputs: [], outputs: [{ name: "y", type: "float", shape: [sizes[0]] }] };
}

for (const mostBytes of [undefined, 0])
  test(`weights are read one by one, ${mostBytes === 0 ? "into a second file" : "into the model's file"}`, async () => {
    const size = 300_000;
    const read: number[] = [];
    const graph = sumOf([size, size, size, size], async (weight) => {
      read.push(weight);
      const [name] = (await readdir(folder)).filter((file) => file.endsWith(".incomplete"));
      const written = (await stat(join(folder, name))).size;
      assert.ok(written >= weight * size * 4, `weight ${weight} is read with ${written} bytes written`);
    });
    const paths = await writeModel(join(folder, "model.onnx"), graph, { mostBytes });
    assert.deepEqual(read, [0, 1, 2, 3]);
    assert.deepEqual((await readdir(folder)).sort(), paths.map((path) => path.slice(folder.length + 1)).sort());
    const model = fromBinary(ModelProtoSchema, await readFile(join(folder, "model.onnx")));
    assert.deepEqual([model.irVersion, model.opsetImport.map(({ version }) => version)], [8n, [17n]]);
    const initializers = model.graph?.initializer ?? [];
    assert.deepEqual(
      initializers.map(({ name, dims }) => [name, dims]),
      [0, 1, 2, 3].map((i) => [`w${i}`, [BigInt(size)]]),
    );
    const data = mostBytes === 0 ? await readFile(join(folder, "model.onnx_data")) : undefined;
    initializers.forEach(({ rawData, externalData }, i) => {
      const place = Object.fromEntries(externalData.map(({ key, value }) => [key, value]));
      const raw = data?.subarray(Number(place.offset), Number(place.offset) + Number(place.length)) ?? rawData;
      const values = new Float32Array(Uint8Array.from(raw).buffer);
      assert.equal(values.length, size);
      assert.ok(values.every((value) => value === i + 0.5));
    });
  });

test("the limit of one file is protobuf's", () => {
  assert.ok(MOST_BYTES < 2 ** 31 && MOST_BYTES > 2e9);
});

/** Sizes of two weights. With `mostBytes: 0`, the last one is in the second file, or is so small that it is not. */
const SIZES = [
  [5000, 5000],
  [5000, 100],
] as const;

test("if a weight cannot be read, its error is thrown as it is, and neither file is left", async () => {
  const lost = new TypeError("the device is lost");
  for (const mostBytes of [undefined, 0])
    for (const sizes of SIZES) {
      const failing = sumOf(sizes, async (weight) => {
        if (weight === 1) throw lost;
      });
      const writing = writeModel(join(folder, "model.onnx"), failing, { mostBytes });
      await assert.rejects(writing, (error: unknown) => error === lost);
      assert.deepEqual(await readdir(folder), []);
    }
});

test("if the signal is aborted, its reason is thrown as it is, and neither file is left", async () => {
  const reason = new Error("stopped");
  for (const mostBytes of [undefined, 0])
    for (const sizes of SIZES) {
      const stop = new AbortController();
      const graph = sumOf(sizes, async (weight) => {
        if (weight === 1) stop.abort(reason);
      });
      const writing = writeModel(join(folder, "model.onnx"), graph, { mostBytes, signal: stop.signal });
      await assert.rejects(writing, (error: unknown) => error === reason);
      assert.deepEqual(await readdir(folder), []);
    }
});
