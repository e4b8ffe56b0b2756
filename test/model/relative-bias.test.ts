import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { relativeBucket } from "../../src/model/parts/relative-bias";

test("MPNet's bucket of every distance equals transformers', also where a logarithm is a whole number", () => {
  const path = join(projectRoot(), "test", "fixtures", "position-buckets.json");
  const { last, mpnet } = JSON.parse(readFileSync(path, "utf8")) as { last: number; mpnet: number[] };
  assert.deepEqual(
    Array.from({ length: 2 * last + 1 }, (_, i) => relativeBucket(i - last)),
    mpnet,
  );
});
