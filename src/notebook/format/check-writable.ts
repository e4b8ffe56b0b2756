import { open, realpath, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

import { faultText } from "../../base/files/file-fault";
import { makeFolder } from "../../base/files/make-folder";
import { TsloraError } from "../../base/tslora-error";
import { besideName } from "../../base/files/write-atomically";

/**
 * Checks that a file can be saved under a path, before the work that it will hold.
 *
 * @param what - the file's name in messages
 * @throws TsloraError `bad-option` with the reason.
 */
export async function checkWritable(path: string, what = "The executed notebook"): Promise<void> {
  const place = await realpath(path).catch(() => path);
  const found = await stat(place).catch(() => undefined);
  const beside = besideName(place);
  try {
    if (found?.isDirectory() === true) throw Object.assign(new Error("it is a folder"), { code: "EISDIR" });
    if (found !== undefined && !found.isFile()) return; // a device or a pipe is written to directly
    makeFolder(dirname(place));
    await (await open(beside, "wx", 0o600)).close();
  } catch (error) {
    throw new TsloraError(
      "bad-option",
      `${what} cannot be saved as ${path}: ${faultText(error)}. Nothing was executed; choose another place.`,
      { cause: error, details: { path } },
    );
  } finally {
    await rm(beside, { force: true }).catch(() => undefined);
  }
}
