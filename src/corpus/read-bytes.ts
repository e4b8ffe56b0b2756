import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";

import { TsloraError } from "../base/tslora-error";
import type { CorpusLimits } from "./corpus";

/**
 * Reads a whole file of no more than the limit's size.
 *
 * @throws TsloraError `not-found`, or `bad-input` where it is larger.
 */
export async function readBytes(path: string, { maxUnpackedBytes }: CorpusLimits): Promise<{ bytes: Uint8Array; sha256: string }> {
  const size = await stat(path).then((file) => file.size, () => undefined);
  if (size === undefined) throw new TsloraError("not-found", `expected a file at ${path}, but there is none.`, { details: { path } });
  if (size > maxUnpackedBytes) throw new TsloraError("bad-input", `${path}: expected ${maxUnpackedBytes} bytes at most (limits.maxUnpackedBytes), got ${size}.`, { details: { path } });
  const bytes = await readFile(path);
  return { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}
