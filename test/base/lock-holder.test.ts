import assert from "node:assert/strict";
import { test } from "node:test";

import { commandOfProcess } from "../../src/base/lock/lock-holder";

test("a process is described by its notebook, its kernel or its command line", () => {
  const kernel = ["node", "/clone/.tslora/package/tslora-kernel/main.js", "/run/kernel-1.json"];
  assert.equal(commandOfProcess(kernel, {}), "a notebook's kernel");
  assert.equal(commandOfProcess(["node", "/usr/lib/tslab/dist/main.js"], {}), "a notebook's kernel");
  assert.equal(commandOfProcess(kernel, { JPY_SESSION_NAME: "/study/01.ipynb" }), "the notebook 01.ipynb");
  assert.equal(commandOfProcess(["node", "/clone/src/cli/main.js", "train"], {}), "tslora train");
  assert.equal(commandOfProcess(["node", "/home/me/own.js"], {}), "own.js");
});
