import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { positionIndex } from "../../src/model/parts/relative-positions";

/** transformers' positions of the distances from -last to last, by write-architecture-fixtures.py. */
interface Golden {
  readonly last: number;
  readonly debertaV2: readonly {
    readonly positionBuckets: number;
    readonly maxRelativePositions: number;
    readonly buckets: readonly number[];
  }[];
}

const golden = JSON.parse(
  readFileSync(join(projectRoot(), "test", "fixtures", "position-buckets.json"), "utf8"),
) as Golden;

for (const { positionBuckets, maxRelativePositions, buckets } of golden.debertaV2) {
  test(`positions of distances are transformers': ${positionBuckets} buckets up to ${maxRelativePositions}`, () => {
    const structure = { isRelative: true, terms: [], sharesProjections: true, hasNorm: false } as const;
    const span = 1000; // clamps nothing
    const index = positionIndex(
      { ...structure, span, buckets: positionBuckets, maxDistance: maxRelativePositions },
      golden.last,
    );
    // A column is a distance j - i; transformers' is i - j.
    assert.deepEqual(
      [...index].map((row) => row - span),
      buckets.toReversed(),
    );
  });
}
