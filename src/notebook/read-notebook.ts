import { readFile } from "node:fs/promises";

import { TsloraError } from "../base/tslora-error";
import type { Notebook } from "./notebook-types";
import { parseNotebook, type ParseOptions } from "./parse-notebook";

/**
 * Reads and checks a notebook file; see {@link parseNotebook}.
 *
 * @throws TsloraError `not-found` when there is no such file, `bad-input` or `unsupported` when it cannot be used.
 */
export async function readNotebook(path: string, options: ParseOptions = {}): Promise<Notebook> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const reason =
      why === "ENOENT"
        ? "there is no such file"
        : why === "EISDIR"
          ? "it is a folder"
          : why === "EACCES"
            ? "permission denied"
            : why;
    throw new TsloraError("not-found", `The notebook ${path} cannot be read: ${reason}.`, {
      cause: error,
      details: { path },
    });
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new TsloraError("bad-input", `${path} is not UTF-8 text, as a notebook must be.`, {
      cause: error,
      details: { path },
    });
  }
  return parseNotebook(text, path, options);
}
