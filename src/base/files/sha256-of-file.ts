import { createHash } from "node:crypto";

import { openRegularFile } from "./open-regular-file";

/**
 * The SHA-256 of a file's content, or of a range of its bytes, in hexadecimal.
 *
 * @throws the errors of {@link openRegularFile}
 */
export async function sha256OfFile(path: string, range: { start?: number; end?: number } = {}): Promise<string> {
  const { start = 0, end = Infinity } = range;
  const hash = createHash("sha256");
  const { handle } = await openRegularFile(path);
  try {
    if (end > start) {
      const options = { autoClose: false, highWaterMark: 1 << 20, start, end: end - 1 };
      for await (const chunk of handle.createReadStream(options)) hash.update(chunk as Buffer);
    }
    return hash.digest("hex");
  } finally {
    await handle.close();
  }
}
