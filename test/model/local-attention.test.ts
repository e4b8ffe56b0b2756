import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { loadClassificationModel } from "../../src/model/load-classification-model";
import { composed } from "../../src/ops/composed/composed";
import { tfjsPrimitives } from "../../src/ops/tfjs-ops";
import { countedPrimitives } from "../ops/counted-primitives";
import { fixtureDirectory, gradientsOf, trainAll } from "./fixture";

/** The most numbers in tensors at once, in a step of full training of a ModernBERT on a text of each length. */
async function peaks(
  attention: "sliding_attention" | "full_attention",
  lengths: readonly number[],
): Promise<readonly number[]> {
  const folder = await mkdtemp(join(tmpdir(), "tslora-local-"));
  const { primitives, takePeak } = countedPrimitives(tfjsPrimitives());
  try {
    await cp(fixtureDirectory("modernbert"), folder, { recursive: true });
    const config = JSON.parse(await readFile(join(folder, "config.json"), "utf8")) as object;
    const long = { layer_types: Array(4).fill(attention), max_position_embeddings: 8192, local_attention: 128 };
    await writeFile(join(folder, "config.json"), JSON.stringify({ ...config, ...long }));
    const { model } = await loadClassificationModel(folder, { ops: composed(primitives), numLabels: 2, seed: 1 });
    trainAll(model);
    const found: number[] = [];
    for (const length of lengths) {
      const text = Array.from({ length }, (_, i) => 4 + ((7 * i) % 50));
      takePeak();
      await gradientsOf(model, { documents: [text], labels: [1] });
      found.push(takePeak());
    }
    model.dispose();
    return found;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("local layers take memory linear in a text's length, up to 8,192 tokens; global layers take more", async () => {
  const [short, long] = await peaks("sliding_attention", [1024, 8192]);
  assert.ok(long < 8.5 * short, `${short} numbers for 1,024 tokens, ${long} for 8,192`);
  assert.ok(long < 8192 * 8192, `${long} numbers: more than one square of scores`);
  const [less, more] = await peaks("full_attention", [512, 2048]);
  assert.ok(more > 8 * less, `${less} numbers for 512 tokens, ${more} for 2,048, with global layers`);
});
