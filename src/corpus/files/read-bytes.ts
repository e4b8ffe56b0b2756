import { openRegularFile } from "../../base/files/open-regular-file";
import { sha256Of } from "../../base/sha256-of";
import { TsloraError } from "../../base/tslora-error";
import type { CorpusLimits } from "../corpus";

/**
 * Reads a whole regular file, up to a size limit.
 *
 * @throws TsloraError `not-found`, or `bad-input` if it is larger, not a regular file, or cannot be read.
 */
export async function readBytes(
  path: string,
  { maxUnpackedBytes }: CorpusLimits,
): Promise<{ bytes: Uint8Array; sha256: string }> {
  const { handle, size } = await openRegularFile(path);
  try {
    if (size > maxUnpackedBytes)
      throw new TsloraError(
        "bad-input",
        `${path} must have at most ${maxUnpackedBytes} bytes (limits.maxUnpackedBytes); it has ${size}.`,
        { details: { path } },
      );
    const bytes = await handle.readFile();
    return { bytes, sha256: sha256Of(bytes) };
  } finally {
    await handle.close();
  }
}
