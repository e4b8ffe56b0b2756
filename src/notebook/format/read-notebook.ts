import { readTextFile } from "../../base/files/read-text-file";
import { shownPath } from "../../base/shown-path";
import type { Notebook } from "./notebook-types";
import { parseNotebook, type ParseOptions } from "./parse-notebook";

/** Bytes; V8 makes no text longer than 2^29 characters. */
const MAX_BYTES = 500 * 2 ** 20;

/**
 * Reads and checks a notebook file; see {@link parseNotebook}.
 *
 * @throws TsloraError `not-found` when there is no such file, `bad-input` or `unsupported` when it cannot be used.
 */
export async function readNotebook(path: string, options: ParseOptions = {}): Promise<Notebook> {
  const text = await readTextFile(path, { maxBytes: MAX_BYTES, called: `The notebook ${shownPath(path)}` });
  return parseNotebook(text, path, options);
}
