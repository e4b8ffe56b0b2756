import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { runCase } from "./run-case";
import { targets } from "./targets";

/** A small share of `npm run test:fuzz`, with a seed of its own. */
const SEED = 17;
const CASES = 60;

for (const target of targets) {
  test(`${target.name}: ${CASES} damaged inputs are refused with a short error, or do no harm`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "tslora-fuzz-valid-"));
    try {
      await target.prepare(folder);
      const ends = { refused: 0, accepted: 0 };
      for (let index = 0; index < CASES; index++) {
        const outcome = await runCase(target, { seed: SEED, index });
        if (outcome.kind === "finding") assert.fail(`case ${index}: ${JSON.stringify(outcome.finding, undefined, 2)}`);
        ends[outcome.kind]++;
      }
      assert.ok(ends.refused > 0, "no input was refused, so nothing was damaged");
    } finally {
      target.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
}
