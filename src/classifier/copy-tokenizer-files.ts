import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";

import { writeAtomically } from "../base/files/write-atomically";
import { hasTokenizer } from "../hub/check-model-folder";
import { TOKENIZER_FILES } from "../hub/tokenizer-files";

/**
 * Copies the tokenizer's files of a model folder to another one, and removes those of an earlier model there: its
 * tokenizer.json would be read in place of the vocab.txt that belongs to the weights. Removes none if the source has no
 * whole tokenizer.
 *
 * @returns their names
 */
export async function copyTokenizerFiles(source: string, directory: string): Promise<string[]> {
  const names = TOKENIZER_FILES.filter((name) => existsSync(join(source, name)));
  if (resolve(source) === resolve(directory)) return names;
  for (const name of names) await writeAtomically(join(directory, name), await readFile(join(source, name)));
  const isWhole = hasTokenizer((name) => names.some((own) => own === name));
  const stale = isWhole ? TOKENIZER_FILES.filter((name) => !names.includes(name)) : [];
  for (const name of stale) await rm(join(directory, name), { force: true });
  return names;
}
