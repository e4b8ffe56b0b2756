import assert from "node:assert/strict";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { faultText } from "../../src/base/files/file-fault";
import { makeFolder } from "../../src/base/files/make-folder";
import { syncPath } from "../../src/base/files/sync-path";
import { lockFolder } from "../../src/base/lock/lock-output";
import { TsloraError } from "../../src/base/tslora-error";

test("a folder is created with its parents; a failure names the system's reason", async () => {
  const top = await mkdtemp(join(tmpdir(), "tslora-folder-"));
  try {
    assert.equal(makeFolder(join(top, "a", "b", "c")), join(top, "a"));
    assert.ok(existsSync(join(top, "a", "b", "c")));
    assert.equal(makeFolder(join(top, "a", "b")), undefined);
    await writeFile(join(top, "file"), "");
    await symlink(join(top, "nowhere"), join(top, "link"));
    const faults = ["file", "file/x", "link", "link/x"].map((name) => {
      try {
        return String(makeFolder(join(top, name)));
      } catch (error) {
        return faultText(error);
      }
    });
    assert.deepEqual(faults, Array(4).fill("a part of the path is a file (ENOTDIR)"));
  } finally {
    await rm(top, { recursive: true, force: true });
  }
});

test(
  "a path in /proc, where Node's recursive mkdir never returns, is refused",
  { skip: !existsSync("/proc/self"), timeout: 60_000 },
  () => {
    for (const path of ["/proc/tslora-none", "/proc/tslora-none/x/y"])
      assert.throws(
        () => lockFolder(path, { purpose: "test" }),
        (error: unknown) => error instanceof TsloraError && /cannot be written: .* \(E[A-Z]+\)\./.test(error.message),
      );
  },
);

test(
  "a folder on a file system that cannot sync folders counts as synced",
  { skip: !existsSync("/proc/self") },
  async () => {
    await syncPath("/proc/self"); // the system answers EINVAL
    await assert.rejects(syncPath("/proc/tslora-none"), { code: "ENOENT" });
  },
);
