import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
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
