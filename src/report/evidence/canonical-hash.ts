import { createHash } from "node:crypto";

import { canonicalJson } from "../../base/canonical-json";
import { compareCodePoints } from "../../base/compare-code-points";
import type { TextInput } from "../../base/text-input";

/** A labelled text, for its hash. */
export interface HashedText {
  readonly ID: string;
  /** The label's name. */
  readonly label: string;
  readonly text: TextInput;
}

/**
 * SHA-256 of texts in canonical form, in hexadecimal: for each text a line of JSON, `["ID","label","text"]`, or with two
 * texts for a pair; the lines sorted by code points, each ended by a line feed, in UTF-8. The order of the texts does
 * not count.
 */
export function canonicalHash(texts: readonly HashedText[]): string {
  const lines = texts.map(({ ID, label, text }) =>
    canonicalJson([ID, label, ...(typeof text === "string" ? [text] : text)]),
  );
  const hash = createHash("sha256");
  for (const line of lines.sort(compareCodePoints)) hash.update(`${line}\n`);
  return hash.digest("hex");
}
