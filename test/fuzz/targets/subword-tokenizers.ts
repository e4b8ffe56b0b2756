import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { projectRoot } from "../../../src/base/project-root";
import type { Random } from "../../../src/base/random";
import { loadTokenizer } from "../../../src/tokenizer/load-tokenizer";
import { damageFile } from "../damage-file";
import type { FuzzCase, FuzzTarget } from "../fuzz-target";
import { mutateBytes } from "../mutate-bytes";
import { mutateJson } from "../mutate-json";
import { mutateProtobuf, type ProtobufChange } from "../mutate-protobuf";
import { replaceFile } from "../replace-file";

const MODELS = [
  ["xlm-r", "sentencepiece.bpe.model"],
  ["albert", "spiece.model"],
  ["deberta-v3", "spm.model"],
  ["deberta-v2-lower", "spm.model"],
] as const;
const JSON_FOLDERS = ["camembert", "unigram-as-it-is"] as const;
const TEXTS = [
  "The results were not significant.",
  "Ünïcode <mask> [MASK] 東京\u3000and\tblanks \u02dc",
  "",
  "<s>a</s> !!! 12345",
  "▁▁a▁b ▁ cancer risk ".repeat(200),
  "e\u0301".repeat(1000),
];
/** Stands for the vocabulary while the rest of a tokenizer.json is changed. */
const STAND_IN = "\u0001vocabulary\u0001";

type Change = Pick<ProtobufChange, "change" | "broken">;

/** Unigram tokenizers in tokenizer.json: its parts, its vocabulary, the bytes of its normalization rules. */
export const unigramTokenizers: FuzzTarget = {
  name: "unigram-tokenizers",
  prepare: async () => undefined,
  async damage(folder: string, random: Random): Promise<FuzzCase> {
    const name = JSON_FOLDERS[random.below(JSON_FOLDERS.length)];
    await cp(source(name), folder, { recursive: true });
    const path = join(folder, "tokenizer.json");
    const kind = random.below(8);
    if (kind === 0) {
      const file = ["tokenizer.json", "tokenizer_config.json"][random.below(2)];
      const { changes, mustRefuse } = await damageFile(join(folder, file), "json", random);
      return caseOf(folder, {
        changes: [`${name}/`, ...changes],
        mustRefuse: mustRefuse ?? (await contradiction(path, name)),
      });
    }
    const text = await readFile(path, "utf8");
    const { text: next, change, broken } = kind < 3 ? damageRules(text, random) : damageParts(text, random);
    await writeFile(path, next);
    return caseOf(folder, { changes: [`${name}/${change}`], mustRefuse: broken ?? (await contradiction(path, name)) });
  },
  close: () => undefined,
};

/** Models of sentencepiece: their fields and bytes. */
export const sentencepieceModels: FuzzTarget = {
  name: "sentencepiece-models",
  prepare: async () => undefined,
  async damage(folder: string, random: Random): Promise<FuzzCase> {
    const [name, file] = MODELS[random.below(MODELS.length)];
    await cp(source(name), folder, { recursive: true });
    const { change, broken } = await damageModel(join(folder, file), random);
    return caseOf(folder, { changes: [`${name}/${file}: ${change}`], mustRefuse: broken });
  },
  close: () => undefined,
};

function source(name: string): string {
  return join(projectRoot(), "test", "tokenizer", "subword-folders", name);
}

async function damageModel(path: string, random: Random): Promise<Change> {
  if (random.below(32) === 0) {
    const change = await replaceFile(path, random);
    return { change, broken: change };
  }
  const { bytes, ...change } = mutateProtobuf(await readFile(path), random);
  await writeFile(path, bytes);
  return change;
}

/** Changes the bytes of the normalization rules. */
function damageRules(text: string, random: Random): Change & { text: string } {
  const [, rules = ""] = /"precompiled_charsmap":\s*"([^"]*)"/.exec(text) ?? [];
  const { bytes, change } = mutateBytes(Buffer.from(rules, "base64"), random);
  return { text: text.replace(rules, bytes.toString("base64")), change: `rules: ${change}` };
}

/** Changes anything; half of the time not the vocabulary, which has most of the values. */
function damageParts(text: string, random: Random): Change & { text: string } {
  const json = JSON.parse(text) as { model: { vocab: unknown } };
  const vocab = JSON.stringify(json.model.vocab);
  const whole = random.below(2) === 0;
  if (!whole) json.model.vocab = STAND_IN;
  const { text: next, change, duplicateKey } = mutateJson(json, random);
  return {
    text: whole ? next : next.replaceAll(JSON.stringify(STAND_IN), () => vocab),
    change,
    broken: duplicateKey ? "a key occurs twice" : undefined,
  };
}

function caseOf(folder: string, { changes, mustRefuse }: Pick<FuzzCase, "changes" | "mustRefuse">): FuzzCase {
  return {
    changes,
    mustRefuse,
    async read() {
      const tokenizer = await loadTokenizer(folder, { maxLength: 32 });
      for (const { ids } of [...tokenizer.encode(TEXTS), ...tokenizer.encode([[TEXTS[0], TEXTS[1]]])]) {
        const odd = [...ids].find((id) => !Number.isInteger(id) || id < 0 || id >= tokenizer.vocabSize);
        if (odd !== undefined || ids.length < 2 || ids.length > 32)
          return `ids [${ids.join(", ")}], vocabulary of ${tokenizer.vocabSize}`;
      }
      return undefined;
    },
  };
}

/**
 * Checks the pieces of a tokenizer.json that is still JSON: distinct texts with finite scores, and the unknown one
 * where no tokenizer's class has its own.
 */
async function contradiction(path: string, name: string): Promise<string | undefined> {
  const json = await readFile(path, "utf8")
    .then((text): unknown => JSON.parse(text))
    .catch(() => undefined);
  if (typeof json !== "object" || json === null) return json === undefined ? undefined : "tokenizer.json is no object";
  const { model } = json as { model?: { vocab?: unknown; unk_id?: unknown } };
  const vocab = model?.vocab;
  if (!Array.isArray(vocab) || vocab.length === 0) return "tokenizer.json has no pieces";
  const isPiece = (piece: unknown): boolean =>
    Array.isArray(piece) && piece.length === 2 && typeof piece[0] === "string" && typeof piece[1] === "number";
  if (!vocab.every(isPiece)) return "a piece is not a text and a number";
  const id = model?.unk_id;
  if (name === "unigram-as-it-is" && typeof id === "number" && !(Number.isInteger(id) && id >= 0 && id < vocab.length))
    return "unk_id is no piece";
  return new Set(vocab.map((piece: [string, number]) => piece[0])).size === vocab.length
    ? undefined
    : "a piece occurs twice";
}
