import assert from "node:assert/strict";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { resolveModel } from "../../src/hub/resolve-model";
import { knownWeights } from "../../src/hub/with-weights";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { openCheckpoint, type Checkpoint } from "../../src/model/weights/open-checkpoint";
import { writeSafetensors } from "../../src/model/weights/write-safetensors";
import { sharedOps } from "../../src/ops/shared-ops";
import { fixtureDirectory } from "./fixture";

async function numbersOf(file: Checkpoint): Promise<(readonly [string, Float32Array])[]> {
  const numbers = [];
  for (const [name, { dtype }] of file.entries)
    if (/^B?F/.test(dtype)) numbers.push([name, await file.readFloats(name)] as const);
  return numbers;
}

test("weights that are opened again have the same tensors, by the headers that were read before", async () => {
  for (const kind of ["bert", "sharded", "bin", "bin-sharded"]) {
    const first = await openCheckpoint(fixtureDirectory(kind));
    const expected = await numbersOf(first);
    await first.close();
    const [again, another] = await Promise.all([first.reopen(), first.reopen()]);
    await another.close(); // each has a handle of its own
    assert.deepEqual(await numbersOf(again), expected, kind);
    for (const [name, entry] of first.entries) assert.equal(again.entries.get(name), entry, `${kind}: ${name}`);
    await again.close();
    await assert.rejects(again.readFloats(expected[0][0]), kind);
  }
});

test("a wrapper's prefix is left out again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-reopened-"));
  try {
    const path = join(folder, "model.safetensors");
    const tensors = [{ name: "module.bert.x", shape: [2], values: Float32Array.of(1, 2) }];
    await writeSafetensors(path, { tensors, metadata: {} });
    const first = await openCheckpoint(folder);
    await first.close();
    const again = await first.reopen();
    assert.deepEqual([...again.entries.keys()], ["bert.x"]);
    assert.deepEqual(await again.readFloats("bert.x"), Float32Array.of(1, 2));
    await again.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a resolved model is loaded by the header that was read to resolve it, unless the file has changed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-reopened-"));
  const load = async (weights: Checkpoint | undefined): Promise<void> =>
    (await loadClassificationModel(folder, { ops: sharedOps(), numLabels: 2, seed: 1, weights })).model.dispose();
  try {
    await cp(fixtureDirectory("bin"), folder, { recursive: true });
    const resolved = await resolveModel(folder);
    const weights = knownWeights(resolved);
    assert.ok(weights !== undefined);
    assert.match(resolved.notice, /Its weights are pytorch_model\.bin.*Not used, as they are buffers/);
    await load(weights);
    await load(weights);
    await writeFile(join(folder, "pytorch_model.bin"), "no longer weights");
    await assert.rejects(load(weights), /pytorch_model\.bin.*it begins with "no longe"/);
    await rm(join(folder, "pytorch_model.bin"));
    await assert.rejects(load(weights), /there is no such file/);
    assert.equal(knownWeights({ ...resolved }), undefined);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
