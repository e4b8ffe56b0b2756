// @ts-check
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";

import { SetUpError } from "./set-up-error.mjs";

/**
 * Compares the SHA-256 of a model's weights with the expected one.
 *
 * @param {string} path
 * @param {string} expected in hexadecimal digits
 */
export async function checkSha256(path, expected) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  const found = hash.digest("hex");
  if (found !== expected)
    throw new SetUpError(`${basename(path)} must have SHA-256 ${expected}; got ${found}. This is another model.`);
}
