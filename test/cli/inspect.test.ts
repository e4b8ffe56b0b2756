import assert from "node:assert/strict";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { expectedOf } from "../model/fixture";
import { json, makeTinyFolder, type TinyFolder } from "./library-commands";
import { cli } from "./tiny";

let tiny: TinyFolder;
let folder = "";
let model = "";
let csv = "";
before(async () => {
  tiny = await makeTinyFolder();
  ({ folder, model, csv } = tiny);
});
after(() => rm(folder, { recursive: true, force: true }));

test("inspect describes a model, an adapter and a file", async () => {
  const described = json<{
    kind: string;
    weights: { parameters: number; tensorCount: number };
    encoder: { numHiddenLayers: number };
    wouldTrain: { line: string };
  }>(
    await cli([
      "inspect",
      model,
      "--json",
      "--r",
      "3",
      "--lora-alpha",
      "5",
      "--target-modules",
      "query,key,value,dense",
    ]),
  );
  assert.deepEqual(
    [described.kind, described.encoder.numHiddenLayers, described.wouldTrain.line],
    ["model", 3, expectedOf("bert").trainable],
  );
  const file = json<{ weights: object; tensors: { name: string; dtype: string; shape: number[] }[] }>(
    await cli(["inspect", join(model, "model.safetensors"), "--json"]),
  );
  assert.deepEqual(file.weights, described.weights);
  assert.equal(
    file.tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    described.weights.parameters,
  );
  assert.deepEqual(
    file.tensors.find(({ name }) => name === "bert.embeddings.word_embeddings.weight"),
    { name: "bert.embeddings.word_embeddings.weight", dtype: "F32", shape: [48, 12], file: "model.safetensors" },
  );

  const text = await cli(["inspect", model, tiny.adapter, "--tensors"]);
  assert.equal(text.code, 0, text.err);
  assert.match(text.out, /type +bert: 3 layers of width 12, 3 heads/);
  assert.match(
    text.out,
    /LoRA adapter [\s\S]*LoRA +r 3, alpha 5[\s\S]*adapts +bert\.encoder\.layer\.\{0-2\}\.attention\.output\.dense,[\s\S]*saved whole +classifier/,
  );
  assert.match(text.out, /base_model\.model\.classifier\.weight +F32 +\[2, 12\]/);
});

test("inspect reports the problems of damaged files", async () => {
  await writeFile(join(folder, "cut.safetensors"), "12345678");
  await mkdir(join(folder, "longformer"), { recursive: true });
  await writeFile(join(folder, "longformer", "config.json"), JSON.stringify({ model_type: "longformer" }));
  for (const [args, expected] of [
    [[folder], /holds neither\. These folders in it do: .*tiny-bert/],
    [["./none"], /nothing is there/],
    [[join(folder, "none.safetensors")], /There is no file at .*none\.safetensors/],
    [[join(folder, "cut.safetensors")], /not a whole safetensors file/],
    [[csv], /must be a folder, a \.safetensors or a \.bin file/],
    [[model, "--r", "0"], /--r must be a whole number from 1/],
    [[], /missing required argument 'paths'/],
  ] as const) {
    const printed = await cli(["inspect", ...args]);
    assert.equal(printed.code, 2, `${args.join(" ")}: ${printed.out}`);
    assert.match(printed.err, expected);
  }
  const longformer = await cli(["inspect", join(folder, "longformer")]);
  assert.equal(longformer.code, 0);
  assert.match(longformer.out, /type +longformer\n[\s\S]*not for tslora +.*longformer/);
});
