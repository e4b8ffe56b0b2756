import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { saveModelFolder } from "../../src/classifier/save-model-folder";
import { sharedOps } from "../../src/ops/shared-ops";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { openCheckpoint } from "../../src/model/weights/open-checkpoint";
import { writeSafetensors } from "../../src/model/weights/write-safetensors";

/*
 * Measures the memory of reading and of saving a checkpoint, in a process of its own each:
 *     node .tslora/tests/test/model/measure-memory.js
 * A RoBERTa of about 400 MB is made, in 32 bits, as bfloat16 and in parts. Not a test: it takes a minute, and the
 * figures are the system's. Peak is VmHWM, the most that was resident, less what was before.
 */
const CONFIG = {
  model_type: "roberta",
  vocab_size: 50265,
  hidden_size: 768,
  num_hidden_layers: 9,
  num_attention_heads: 12,
  intermediate_size: 3072,
  max_position_embeddings: 514,
  type_vocab_size: 1,
  pad_token_id: 1,
  layer_norm_eps: 1e-5,
};

/** Megabytes of a line of /proc/self/status. */
function status(name: string): number {
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
}

async function make(folder: string): Promise<void> {
  const ops = sharedOps();
  const { hidden_size: width, intermediate_size: inner } = CONFIG;
  const shapes: Record<string, number[]> = {
    "embeddings.word_embeddings.weight": [CONFIG.vocab_size, width],
    "embeddings.position_embeddings.weight": [514, width],
    "embeddings.token_type_embeddings.weight": [1, width],
    "embeddings.LayerNorm.weight": [width],
    "embeddings.LayerNorm.bias": [width],
  };
  const linear = (name: string, out: number, into: number): void =>
    void Object.assign(shapes, { [`${name}.weight`]: [out, into], [`${name}.bias`]: [out] });
  for (let i = 0; i < CONFIG.num_hidden_layers; i++) {
    const layer = `encoder.layer.${i}`;
    for (const part of ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"])
      linear(`${layer}.${part}`, width, width);
    linear(`${layer}.intermediate.dense`, inner, width);
    linear(`${layer}.output.dense`, width, inner);
    for (const norm of ["attention.output.LayerNorm", "output.LayerNorm"])
      Object.assign(shapes, { [`${layer}.${norm}.weight`]: [width], [`${layer}.${norm}.bias`]: [width] });
  }
  const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  const tensors = Object.entries(shapes).map(([name, shape]) => ({
    name,
    shape,
    values: () => Promise.resolve(new Float32Array(size(shape)).fill(0.01)),
  }));
  for (const kind of ["whole", "parts", "bf16"]) await mkdir(join(folder, kind));
  for (const kind of ["whole", "parts", "bf16"])
    await writeFile(join(folder, kind, "config.json"), JSON.stringify(CONFIG));
  await writeSafetensors(join(folder, "whole", "model.safetensors"), { tensors });
  const weightMap: Record<string, string> = {};
  for (let part = 0; part < 4; part++) {
    const name = `model-0000${part + 1}-of-00004.safetensors`;
    const own = tensors.filter((_, i) => i % 4 === part);
    await writeSafetensors(join(folder, "parts", name), { tensors: own });
    for (const tensor of own) weightMap[tensor.name] = name;
  }
  await writeFile(join(folder, "parts", "model.safetensors.index.json"), JSON.stringify({ weight_map: weightMap }));
  let end = 0;
  const header = Object.fromEntries(
    tensors.map(({ name, shape }) => [name, { dtype: "BF16", shape, data_offsets: [end, (end += 2 * size(shape))] }]),
  );
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await writeFile(join(folder, "bf16", "model.safetensors"), Buffer.concat([length, json, Buffer.alloc(end, 0x3c)]));
  ops.dispose();
}

async function measure(folder: string, kind: string): Promise<void> {
  const ops = sharedOps();
  ops.dispose(ops.float(new Float32Array(4), [4]));
  const directory = join(folder, kind === "save" ? "whole" : kind);
  const file = await openCheckpoint(directory);
  const weights =
    [...file.entries.values()].reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0) / 2 ** 20;
  await file.close();
  const before = status("VmRSS");
  const { model } = await loadClassificationModel(directory, { ops, numLabels: 2, seed: 1 });
  const loaded = status("VmHWM") - before;
  if (kind !== "save")
    console.log(
      `${kind}: ${weights.toFixed(0)} MiB of weights in 32 bits; peak while loading ${loaded.toFixed(0)} MiB above what was before (${(loaded / weights).toFixed(2)} times), resident afterwards ${(status("VmRSS") - before).toFixed(0)} MiB`,
    );
  else {
    const resident = status("VmRSS");
    const out = join(folder, "saved");
    await saveModelFolder(model, {
      directory: out,
      source: directory,
      labels: ["A", "B"],
      problemType: "single_label_classification",
    });
    console.log(
      `save: ${(statSync(join(out, "model.safetensors")).size / 2 ** 20).toFixed(0)} MiB written; peak ${(status("VmHWM") - resident).toFixed(0)} MiB above the ${resident.toFixed(0)} MiB that were resident`,
    );
  }
  model.dispose();
}

async function main(): Promise<void> {
  const [folder, kind] = process.argv.slice(2);
  if (kind === "make") return make(folder);
  if (kind !== undefined) return measure(folder, kind);
  const made = mkdtempSync(join(tmpdir(), "tslora-memory-"));
  try {
    for (const step of ["make", "whole", "parts", "bf16", "save"])
      spawnSync(process.execPath, [__filename, made, step], { stdio: ["ignore", "inherit", "ignore"] });
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

void main();
