import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { inStaging } from "../../src/export/export-folder";
import { withFolder } from "../notebook/notebooks";

test("an error while files are written is thrown as it is, a system's one as not-saved, and nothing is left", () =>
  withFolder(async (folder) => {
    const failing = (error: Error): Promise<unknown> =>
      inStaging(folder, async (staging) => {
        await writeFile(join(staging, "config.json"), "{}");
        throw error;
      });
    for (const mistake of [new TypeError("x is not a function"), new RangeError("4"), new Error("stopped")])
      await assert.rejects(failing(mistake), (error: unknown) => error === mistake);
    const full = Object.assign(new Error("ENOSPC: no space"), { code: "ENOSPC", syscall: "write" });
    await assert.rejects(failing(full), { code: "not-saved", message: /no space is left on the disk \(ENOSPC\)/ });
    assert.deepEqual(await readdir(folder), []);
  }));

test("files that are moved only in part are never beside the config.json of an earlier export", () =>
  withFolder(async (folder) => {
    const names = [join("onnx", "model.onnx"), "tokenizer.json", "config.json"];
    const exportAs = (content: string): Promise<unknown> =>
      inStaging(folder, async (staging) => {
        await mkdir(join(staging, "onnx"));
        for (const name of names) await writeFile(join(staging, name), content);
      });
    await exportAs("old");
    const stale = join(folder, "onnx", "model_quantized.onnx");
    await writeFile(stale, "old");
    await rm(join(folder, "tokenizer.json"));
    await mkdir(join(folder, "tokenizer.json")); // no file can be moved there
    await assert.rejects(exportAs("new"), { code: "not-saved" });
    assert.equal(await readFile(join(folder, "onnx", "model.onnx"), "utf8"), "new");
    assert.ok(!existsSync(join(folder, "config.json")));
    await rm(join(folder, "tokenizer.json"), { recursive: true });
    await exportAs("newest");
    for (const name of names) assert.equal(await readFile(join(folder, name), "utf8"), "newest", name);
    assert.ok(!existsSync(stale));
  }));
