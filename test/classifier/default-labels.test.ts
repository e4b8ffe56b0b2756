import assert from "node:assert/strict";
import { test } from "node:test";

import { defaultLabels } from "../../src/classifier/default-labels";

test("default labels are the model's if their number fits, else those of loadClassifier", () => {
  assert.deepEqual(defaultLabels(["no", "yes"]), ["no", "yes"]);
  assert.deepEqual(defaultLabels(["no", "yes"], 2), ["no", "yes"]);
  assert.deepEqual(defaultLabels(["a", "b", "c"], 2), ["NEGATIVE", "POSITIVE"]);
  assert.deepEqual(defaultLabels(["no", "yes"], 3), ["LABEL_0", "LABEL_1", "LABEL_2"]);
  assert.deepEqual(defaultLabels(undefined), ["NEGATIVE", "POSITIVE"]);
  assert.deepEqual(defaultLabels(undefined, 4), ["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3"]);
});
