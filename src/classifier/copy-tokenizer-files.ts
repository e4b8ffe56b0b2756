import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { writeAtomically } from "../base/files/write-atomically";
import { TOKENIZER_FILES } from "../hub/tokenizer-files";

/**
 * Copies the tokenizer's files of a model folder to another one.
 *
 * @returns their names
 */
export async function copyTokenizerFiles(source: string, directory: string): Promise<string[]> {
  const names = TOKENIZER_FILES.filter((name) => existsSync(join(source, name)));
  if (resolve(source) === resolve(directory)) return names;
  for (const name of names) await writeAtomically(join(directory, name), await readFile(join(source, name)));
  return names;
}
