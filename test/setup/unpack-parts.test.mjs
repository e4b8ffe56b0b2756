// @ts-check
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../../src/setup/tools/unpack-parts.py", import.meta.url));
const MAKE_ZIP = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
    for name in sys.argv[2:]:
        archive.write(name, "model/" + name)
`;

/** @param {readonly string[]} parameters @param {string} cwd */
const python = (parameters, cwd) => spawnSync("python3", parameters, { cwd, encoding: "utf8" });

test("files of a zip file in parts are unpacked, for any size of the parts", () => {
  const folder = mkdtempSync(join(tmpdir(), "tslora-parts-"));
  try {
    const files = { "a.bin": randomBytes(50_000), "b.json": Buffer.from("{}\n"), "c.txt": Buffer.from("not wanted\n") };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    assert.equal(python(["-c", MAKE_ZIP, "all.zip", ...Object.keys(files)], folder).status, 0);
    const whole = readFileSync(join(folder, "all.zip"));
    for (const size of [1_000, 7_777, whole.length - 1, whole.length]) {
      const parts = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) => `part.${size}.${i}`);
      parts.forEach((part, i) => writeFileSync(join(folder, part), whole.subarray(i * size, (i + 1) * size)));
      const target = join(folder, `of-${size}`);
      mkdirSync(target);
      const run = python([SCRIPT, target, "model/", String(parts.length), ...parts, "a.bin", "b.json"], folder);
      assert.equal(run.status, 0, run.stderr);
      assert.deepEqual(readdirSync(target).sort(), ["a.bin", "b.json"]);
      assert.deepEqual(readFileSync(join(target, "a.bin")), files["a.bin"]);
      assert.deepEqual(readFileSync(join(target, "b.json")), files["b.json"]);
    }
    const missing = python([SCRIPT, folder, "model/", "1", "all.zip", "d.bin"], folder);
    assert.notEqual(missing.status, 0);
    assert.match(missing.stderr, /d\.bin/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
