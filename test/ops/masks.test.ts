import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { blockDropout } from "../../src/ops/dropout-block";
import { kernelOps } from "../../src/ops/kernel-ops";

type Seed = readonly [number, number];

/** Numbers of write-mask-goldens.py, which computes them without the code under test and names their source. */
interface MaskGoldens {
  readonly masks: readonly {
    readonly seed: Seed;
    readonly rate: number;
    readonly shape: readonly number[];
    /** A row as a text of 1 for what is kept and 0 for what is dropped. */
    readonly kept: readonly string[];
  }[];
  readonly blocks: readonly { readonly seed: Seed; readonly block: number; readonly drawn: Seed }[];
}

const goldens = JSON.parse(
  readFileSync(join(projectRoot(), "test", "ops", "golden-masks.json"), "utf8"),
) as MaskGoldens;

test("the kernels' masks are those of Philox by its published definition", async () => {
  const kernels = kernelOps();
  for (const { seed, rate, shape, kept } of goldens.masks) {
    const mask = kernels.keepMask(shape, { rate, seed });
    assert.equal([...(await kernels.read(mask))].join(""), kept.join(""), `seed ${seed.join()}, rate ${rate}`);
    kernels.dispose(mask);
  }
});

test("a block of documents draws under a seed of its own, the first under the given one", () => {
  for (const { seed, block, drawn } of goldens.blocks)
    assert.deepEqual(blockDropout({ rate: 0.1, seed }, block), { rate: 0.1, seed: drawn }, `block ${block}`);
});
