import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { environmentVariable } from "../../src/base/environment-variable";
import { expandHome } from "../../src/base/files/expand-home";
import { TsloraError } from "../../src/base/tslora-error";
import { loadCorpus } from "../../src/corpus/load-corpus";
import { hubSettings } from "../../src/hub/hub-settings";
import { resolveModel } from "../../src/hub/resolve-model";
import { jupyterPaths } from "../../src/notebook/jupyter/jupyter-paths";

const refused = (error: unknown): boolean =>
  error instanceof TsloraError && error.code === "bad-input" && /must not be empty/.test(error.message);

test("an empty path is refused: it is not the current folder", async () => {
  for (const empty of ["", " ", "\n"]) {
    assert.throws(() => expandHome(empty), refused);
    await assert.rejects(async () => resolveModel(empty), refused);
    await assert.rejects(loadCorpus(empty), refused);
  }
  assert.equal(expandHome("."), ".");
  assert.equal(expandHome("~/a"), join(homedir(), "a"));
});

test("an empty variable counts as unset", () => {
  assert.equal(environmentVariable("A", { A: "" }), undefined);
  assert.equal(environmentVariable("A", { A: "a" }), "a");
  assert.deepEqual(jupyterPaths({ JUPYTER_DATA_DIR: "", XDG_DATA_HOME: "", IPYTHONDIR: "" }), jupyterPaths({}));
  const names = ["HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_ENDPOINT", "HF_TOKEN_PATH", "XDG_CACHE_HOME"];
  const before = names.map((name) => process.env[name]);
  try {
    for (const name of names) delete process.env[name];
    const unset = hubSettings();
    for (const name of names) process.env[name] = "";
    assert.deepEqual(hubSettings(), unset);
  } finally {
    names.forEach((name, i) => {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    });
  }
});
