import assert from "node:assert/strict";
import { test } from "node:test";

import { pruneCounts } from "../../src/audit/labels/prune-counts";

test("with eight classes or more, counts that sum to a whole number are cut off as in cleanlab", () => {
  const joint = [
    [10, 3, 1, 3, 3, 1, 3, 5, 1],
    [2, 10, 0, 2, 2, 1, 2, 3, 0],
    [0, 0, 10, 1, 1, 2, 1, 3, 0],
    [1, 2, 1, 9, 0, 3, 0, 2, 1],
    [6, 2, 1, 1, 5, 0, 0, 1, 2],
    [1, 1, 0, 2, 2, 6, 3, 3, 0],
    [0, 1, 0, 0, 4, 0, 4, 1, 2],
    [0, 0, 1, 1, 0, 2, 2, 6, 2],
    [0, 0, 0, 2, 0, 3, 1, 3, 6],
  ];
  // cleanlab 2.9.0: _keep_at_least_n_per_class(joint.T, n=0, frac_noise=0.8). The first sum is 14 in NumPy's order, and
  // just below it in that of the rows.
  const kept = pruneCounts(joint, { minExamplesPerClass: 0, fracNoise: 0.8 }).map((row, label) => row[label]);
  assert.deepEqual(kept, [14, 12, 11, 11, 7, 8, 5, 7, 7]);
});
