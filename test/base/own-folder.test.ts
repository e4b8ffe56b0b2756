import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { makeOwnFolder } from "../../src/base/files/own-folder";

test("the next start removes the folder of a killed process, and keeps those of running ones and of other machines", async () => {
  const base = mkdtempSync(join(tmpdir(), "tslora-test-"));
  try {
    const code = `const { makeOwnFolder } = require(${JSON.stringify(require.resolve("../../src/base/files/own-folder"))}); console.log(makeOwnFolder("kernel", ${JSON.stringify(base)})); setInterval(() => 0, 1000);`;
    const child = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
    const [first] = (await once(child.stdout, "data")) as [Buffer];
    const theirs = String(first).trim();
    const own = makeOwnFolder("log", base);
    assert.equal(statSync(own).mode & 0o777, 0o700);
    assert.ok(existsSync(theirs), "its owner lives");
    const elsewhere = join(base, theirs.slice(base.length + 1).replace(/-[0-9a-f]{6}-/, "-ffffff-"));
    const reused = own.replace(/-(\d+)-(\w{6})$/, "-1-$2"); // this process's id, and another start: the id was given out again
    for (const folder of [elsewhere, reused, join(base, "tslora-kernel"), join(base, "tslora-kernel-x-1-1-abcdef")])
      mkdirSync(folder);
    child.kill("SIGKILL");
    await once(child, "close");
    const next = makeOwnFolder("kernel", base);
    const left = [own, next, elsewhere, join(base, "tslora-kernel"), join(base, "tslora-kernel-x-1-1-abcdef")];
    assert.deepEqual(readdirSync(base).sort(), left.map((folder) => folder.slice(base.length + 1)).sort());
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
});
