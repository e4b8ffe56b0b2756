import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { rotaryTables } from "../../src/ops/rotary-tables";
import { projectRoot } from "../../src/base/project-root";

interface Golden {
  readonly theta: number;
  readonly headDim: number;
  readonly positions: readonly number[];
  readonly cos: readonly number[];
  readonly sin: readonly number[];
}

test("rotary tables are transformers', to one rounding, up to position 8,191", () => {
  const { cases } = JSON.parse(readFileSync(join(projectRoot(), "test", "ops", "golden-rotary.json"), "utf8")) as {
    cases: Golden[];
  };
  for (const { theta, headDim, positions, ...golden } of cases) {
    const tables = rotaryTables({ positions: 8192, headDim, theta });
    const half = headDim / 2;
    for (const which of ["cos", "sin"] as const) {
      const found = positions.flatMap((at) => [...tables[which].subarray(at * half, (at + 1) * half)]);
      assert.equal(found.length, golden[which].length);
      found.forEach((value, i) =>
        assert.ok(Math.abs(value - golden[which][i]) <= 2 ** -23, `${which} ${i}: ${value}, ${golden[which][i]}`),
      );
    }
  }
});
