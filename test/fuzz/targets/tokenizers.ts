import { cp, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { projectRoot } from "../../../src/base/project-root";
import type { Random } from "../../../src/base/random";
import { loadTokenizer } from "../../../src/tokenizer/load-tokenizer";
import { damageFile } from "../damage-file";
import type { FuzzCase, FuzzTarget } from "../fuzz-target";

const NAMES = ["as-it-stands", "cased", "roberta", "roberta-files", "uncased-accents-kept", "vocab-txt"];
const TEXTS = ["The results were not significant.", "Ünïcode [MASK] 東京 and\tblanks", "", "<s>a</s> !!! 12345"];

const source = (name: string): string => join(projectRoot(), "test", "tokenizer", "folders", name);

/** Tokenizer folders: tokenizer.json, vocab.txt, vocab.json and merges.txt, tokenizer_config.json. */
export const tokenizers: FuzzTarget = {
  name: "tokenizers",
  prepare: async () => undefined,
  async damage(folder: string, random: Random): Promise<FuzzCase> {
    const name = NAMES[random.below(NAMES.length)];
    await copyFolder(name, folder);
    const files = (await readdir(folder)).filter((file) => file !== "config.json").sort();
    const file = files[random.below(files.length)];
    const damage = await damageFile(join(folder, file), file.endsWith(".json") ? "json" : "text", random);
    return {
      changes: [`${name}/`, ...damage.changes],
      mustRefuse: damage.mustRefuse ?? (await contradiction(folder)), // a file that is none was refused before
      async read() {
        const tokenizer = await loadTokenizer(folder, { maxLength: 32 });
        for (const { ids } of tokenizer.encode(TEXTS)) {
          const odd = [...ids].find((id) => !Number.isInteger(id) || id < 0 || id >= tokenizer.vocabSize);
          if (odd !== undefined || ids.length < 2 || ids.length > 32)
            return `ids [${ids.join(", ")}], vocabulary of ${tokenizer.vocabSize}`;
        }
        return undefined;
      },
    };
  },
  close: () => undefined,
};

/** Copies a folder of the tests; "vocab-txt" is made from "as-it-stands", as BERT's first repositories have it. */
async function copyFolder(name: string, folder: string): Promise<void> {
  if (name !== "vocab-txt") return cp(source(name), folder, { recursive: true });
  const json = JSON.parse(await readFile(join(source("as-it-stands"), "tokenizer.json"), "utf8")) as {
    model: { vocab: Record<string, number> };
  };
  const tokens = Object.entries(json.model.vocab).sort(([, a], [, b]) => a - b);
  await writeFile(join(folder, "vocab.txt"), `${tokens.map(([token]) => token).join("\n")}\n`);
  for (const file of ["config.json", "tokenizer_config.json"])
    await cp(join(source("as-it-stands"), file), join(folder, file));
}

/** Checks the ids of a vocabulary that is still JSON: whole numbers from 0 on, no two tokens with one id. */
async function contradiction(folder: string): Promise<string | undefined> {
  const read = async (file: string): Promise<unknown> => JSON.parse(await readFile(join(folder, file), "utf8"));
  const json = await read("tokenizer.json").catch(() => undefined);
  const vocab =
    json === undefined
      ? await read("vocab.json").catch(() => undefined)
      : (json as { model?: { vocab?: unknown } }).model?.vocab;
  if (typeof vocab !== "object" || vocab === null)
    return json === undefined ? undefined : "tokenizer.json has no vocabulary";
  const ids = Object.values(vocab);
  if (!ids.every((id) => Number.isInteger(id) && Number(id) >= 0 && Number(id) < 2 ** 31))
    return "an id is not a whole number from 0 on";
  return new Set(ids).size === ids.length ? undefined : "two tokens have one id";
}
