import assert from "node:assert/strict";
import { cp, readFile, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { projectRoot } from "../../../src/base/project-root";
import type { Random } from "../../../src/base/random";
import { sharedOps } from "../../../src/ops/shared-ops";
import { loadClassificationModel } from "../../../src/model/load-classification-model";
import { packDocuments } from "../../../src/model/parts/packed-batch";
import { damageFile } from "../damage-file";
import type { FuzzCase, FuzzTarget } from "../fuzz-target";
import { strictSafetensors } from "../strict-safetensors";

const NAMES = [
  "tiny-bert",
  "tiny-distilbert",
  "tiny-roberta",
  "tiny-sharded",
  "tiny-fp16",
  "tiny-bf16",
  "tiny-bare-bert",
  "tiny-bare-roberta",
];

/** Sizes of config.json that the weights contradict when they change. */
const SIZES = [
  "vocab_size",
  "hidden_size",
  "dim",
  "intermediate_size",
  "hidden_dim",
  "max_position_embeddings",
  "type_vocab_size",
];

const ops = sharedOps();

/** Model folders: config.json, weights, the index of sharded weights. */
export const models: FuzzTarget = {
  name: "models",
  prepare: async () => undefined,
  async damage(folder: string, random: Random): Promise<FuzzCase> {
    const source = join(projectRoot(), "test", "fixtures", NAMES[random.below(NAMES.length)]);
    await cp(source, folder, { recursive: true });
    for (const extra of ["expected.json", "adapter"]) await rm(join(folder, extra), { recursive: true, force: true });
    const files = (await readdir(folder)).sort();
    const name = files[random.below(files.length)];
    const damage = await damageFile(join(folder, name), name.endsWith(".json") ? "json" : "safetensors", random);
    const before = ops.alive();
    return {
      changes: [`${source.split("/").at(-1)}/`, ...damage.changes],
      mustRefuse: damage.mustRefuse ?? (await contradiction(source, folder, name, damage.path)),
      async read() {
        try {
          const { model } = await loadClassificationModel(folder, { ops, numLabels: 2, seed: 1 });
          const logits = model.predict(packDocuments([Int32Array.of(0, 1), Int32Array.of(1)]));
          const values = await ops.read(logits);
          ops.dispose(logits);
          const { numLabels } = model;
          model.dispose();
          return values.length === 2 * numLabels && values.every(Number.isFinite)
            ? undefined
            : `logits [${values.join(", ")}]`;
        } finally {
          assert.equal(ops.alive(), before, "tensors are left behind");
        }
      },
    };
  },
  close: () => undefined,
};

/** Compares sizes in config.json, and the names and shapes of the encoder's tensors, with the undamaged folder's. */
async function contradiction(
  source: string,
  folder: string,
  name: string,
  path: readonly (string | number)[] | undefined,
): Promise<string | undefined> {
  if (name === "config.json") {
    const key = path?.length === 1 ? String(path[0]) : "";
    if (!SIZES.includes(key)) return undefined; // also where the file is no file
    const [then, now] = await Promise.all(
      [source, folder].map(
        async (at) => (JSON.parse(await readFile(join(at, name), "utf8")) as Record<string, unknown>)[key],
      ),
    );
    return then === now || now === undefined ? undefined : `${key} contradicts the weights`;
  }
  const isFile = (await stat(join(folder, name)).catch(() => undefined))?.isFile() === true;
  if (!name.endsWith(".safetensors") || !isFile) return undefined;
  const [then, now] = await Promise.all(
    [source, folder].map(async (at) => strictSafetensors(await readFile(join(at, name)))),
  );
  if (then.kind !== "whole" || now.kind !== "whole") return undefined; // damaged by the format: known already
  for (const [tensor, { shape }] of then.tensors) {
    if (/classifier|pooler|pre_classifier/.test(tensor)) continue; // a head may be missing
    const found = now.tensors.get(tensor);
    if (found === undefined || found.shape.join() !== shape.join()) return `${tensor} is missing or has another shape`;
  }
  return undefined;
}
