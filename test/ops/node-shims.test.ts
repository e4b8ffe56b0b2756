import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";

test("TensorFlow asks Node for nothing that is gone or deprecated", () => {
  const code = `
    const { loadTensorFlow } = require(${JSON.stringify(join(projectRoot(), ".tslora", "tests", "src", "ops", "load-tensorflow.js"))});
    const util = require("node:util");
    const { tf } = loadTensorFlow();
    const { values, indices } = tf.topk(tf.tensor2d([[1, 3, 2], [4, 6, 5]]), 1);
    const made = tf.tidy(() => tf.tensor([[true, false]], undefined, "bool").asType("int32").concat(tf.tensor(["a", "b"]).equal("a").asType("int32").reshape([1, 2])));
    console.log(JSON.stringify([[...values.dataSync()], [...indices.dataSync()], [...made.dataSync()], util.isArray([]), util.isArray("a"), util.isNullOrUndefined(null), util.isUndefined(null)]));
  `;
  const printed = execFileSync(process.execPath, ["--throw-deprecation", "--eval", code], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 300_000,
  });
  assert.equal(printed.trim(), JSON.stringify([[3, 6], [1, 1], [1, 0, 1, 0], true, false, true, false]));
});
