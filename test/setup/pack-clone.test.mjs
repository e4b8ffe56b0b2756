// @ts-check
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

import { packClone, projectFiles, readPackOptions } from "../../src/setup/commands/pack-clone.mjs";
import { makeFolder } from "./workbench.mjs";

/** Files of a small clone: tracked ones, and ones that a user added. */
const TRACKED = ["README.md", "notebooks/01 study.ipynb", "src/a.mjs", "data/README.md"];
const OWN = [
  "reviews.csv",
  "data/reviews.csv",
  "data/Dataset.zip",
  "runs/secret/results.json",
  "notebooks/mine.ipynb",
  ".env",
  ".npmrc",
  "output/study.html",
];

/** @param {string} root @param {readonly string[]} names */
function writeAll(root, names) {
  for (const name of names) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), `content of ${name}`);
  }
}

/** @param {string} root @param {readonly string[]} arguments_ */
function git(root, ...arguments_) {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
  execFileSync("git", ["-C", root, ...identity, ...arguments_], { stdio: "pipe" });
}

/** @param {string} root */
function listFiles(root) {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, path, name }) => join(parentPath ?? path, name).slice(root.length + 1));
}

test("a pack holds what git tracks and what set-up made, and no data, runs or keys of the user", async (t) => {
  const folder = makeFolder(t);
  const [root, packed, there] = ["clone", "packed", "other machine"].map((name) => join(folder, name));
  writeAll(root, [...TRACKED, "deleted.md"]);
  git(root, "init", "-q");
  git(root, "add", "-A");
  git(root, "commit", "-q", "-m", "all");
  git(root, "rm", "-q", "deleted.md");
  writeAll(root, OWN);
  writeAll(root, ["node_modules/x/index.js", ".tslora/done/x", ".tslora/jupyter/log"]);
  writeFileSync(join(root, "README.md"), "changed");
  assert.deepEqual(projectFiles(root).changed, ["README.md"]);

  assert.equal(await packClone([packed, "--piece", "1"], { root }), 0);
  const unpacked = spawnSync("sh", [join(packed, "unpack.sh"), there], { encoding: "utf8" });
  assert.equal(unpacked.status, 0, unpacked.stderr);
  const found = listFiles(there).filter((name) => !name.startsWith(join(".tslora", "runtime")));
  assert.deepEqual(found.sort(), [...TRACKED, "node_modules/x/index.js", ".tslora/done/x"].sort());
  assert.equal(readFileSync(join(there, "README.md"), "utf8"), "changed");

  // The other machine has no .git: the pack's own list serves, and what was added there stays there.
  writeAll(there, OWN);
  assert.deepEqual(projectFiles(there).files.sort(), [...TRACKED].sort());
});

test("a folder inside the clone, a full one, and a folder that is no clone are refused", (t) => {
  const folder = makeFolder(t);
  const root = join(folder, "clone");
  writeAll(root, TRACKED);
  symlinkSync(root, join(folder, "link"));
  for (const inside of [root, join(root, "packed"), join(root, "new", "packed"), join(folder, "link", "packed")])
    assert.throws(
      () => readPackOptions([inside], { root }),
      /must be (outside the clone|a folder that is new or empty)/,
    );
  assert.throws(() => readPackOptions([join(root, "packed")], { root }), /must be outside the clone/);
  assert.ok(!existsSync(join(root, "packed")));
  assert.equal(readPackOptions([join(folder, "..packed")], { root }).folder, join(folder, "..packed"));
  assert.throws(() => projectFiles(root), /must be a git clone or an unpacked pack/);
});
