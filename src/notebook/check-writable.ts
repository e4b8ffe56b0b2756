import { randomBytes } from "node:crypto";
import { mkdir, open, realpath, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

import { TsloraError } from "../base/tslora-error";

/**
 * Makes sure that a notebook can be saved under a path, before work is done whose results would be lost.
 *
 * @throws TsloraError `bad-option` that says why not.
 */
export async function checkWritable(path: string): Promise<void> {
  const place = await realpath(path).catch(() => path);
  const beside = `${place}.${randomBytes(6).toString("hex")}.incomplete`;
  try {
    await mkdir(dirname(place), { recursive: true });
    await (await open(beside, "wx")).close();
    if ((await stat(place).catch(() => undefined))?.isDirectory() === true) throw new Error("it is a folder");
  } catch (error) {
    throw new TsloraError("bad-option", `The executed notebook could not be saved as ${path}: ${error instanceof Error ? error.message : String(error)}. Nothing was executed; choose another place.`, { cause: error, details: { path } });
  } finally {
    await rm(beside, { force: true }).catch(() => undefined);
  }
}
