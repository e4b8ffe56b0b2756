import assert from "node:assert/strict";
import { sep } from "node:path";
import { test } from "node:test";

import { isInside } from "../../src/base/files/is-inside";

test("a path is inside a folder if it is below it, also under a name that begins with dots", () => {
  for (const path of ["/a/b/c", "/a/b/c/d", "/a/b/..data", "/a/b/..data/c", "/a/b/...", "/a/b/.c", "/a/b/c/../d"])
    assert.equal(isInside("/a/b", path), true, path);
  for (const path of ["/a/b", "/a/b/", "/a", "/", "/a/bc", "/a/..data", "/a/b/..", "/a/b/../c", "/a/b/c/../../d", "/c"])
    assert.equal(isInside("/a/b", path), false, path);
  assert.equal(isInside(sep, "/a"), true);
  assert.equal(isInside(sep, sep), false);
});
