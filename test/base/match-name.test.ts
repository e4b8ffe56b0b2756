import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { nameMatcher } from "../../src/base/files/match-name";
import { matchPaths } from "../../src/base/files/match-paths";

test("names are matched by stars, question marks and sets", () => {
  for (const [pattern, taken, refused] of [
    ["*", ["", "a", ".b"], []],
    ["a*", ["a", "ab"], ["", "ba"]],
    ["*a", ["a", "ba", "aa", "aba"], ["ab", ""]],
    ["a*b*c", ["abc", "axbxbc", "abcbc"], ["acb", "abcx"]],
    ["?.ipynb", ["a.ipynb", "é.ipynb", "😀.ipynb"], [".ipynb", "ab.ipynb", "aXipynb"]],
    ["[a-cx]1", ["a1", "c1", "x1"], ["d1", "-1", "a"]],
    ["[!a-c]1", ["d1", "-1"], ["a1", "1"]],
    ["[a-]", ["a", "-"], ["b"]],
    ["[z-a]", [], ["a", "m", "z"]],
    ["a[b", ["a[b"], ["ab"]],
    ["(a+)|$^\\d", ["(a+)|$^\\d"], ["a"]],
    ["[\\]x", ["\\x"], ["x"]],
  ] as const) {
    const matches = nameMatcher(pattern);
    for (const name of taken) assert.equal(matches(name), true, `${pattern} takes ${name}`);
    for (const name of refused) assert.equal(matches(name), false, `${pattern} refuses ${name}`);
  }
});

test("many stars are matched in time that grows with the name", () => {
  const matches = nameMatcher(`${"*a".repeat(200)}*b`);
  assert.equal(matches("a".repeat(20_000)), false);
  assert.equal(matches(`${"a".repeat(20_000)}b`), true);
});

test("a file or folder whose own name has brackets is found by it", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tslora-match-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const found = (pattern: string): string[] =>
    matchPaths(join(folder, pattern)).map((path) => path.slice(folder.length + 1));
  mkdirSync(join(folder, "run [2]"));
  for (const name of ["texts[1].csv", "texts1.csv", "{a}.csv", "run [2]/b.csv"]) writeFileSync(join(folder, name), "");
  assert.deepEqual(found("texts[1].csv"), ["texts[1].csv"]);
  assert.deepEqual(found("texts[12].csv"), ["texts1.csv"]);
  assert.deepEqual(found("{a}.csv"), ["{a}.csv"]);
  assert.deepEqual(found("run [2]/*.csv"), ["run [2]/b.csv"]);
  assert.deepEqual(found("t*[1].csv"), ["texts1.csv"]);
});
