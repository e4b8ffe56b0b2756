import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { copyFile, cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { findStudyArchive } from "../corpus/study-archive";
import { readStudyTexts } from "./study-texts";
import { loadTokenizer } from "../../src/tokenizer/load-tokenizer";

interface Goldens {
  readonly hostile: readonly (readonly [string, readonly number[]])[];
  readonly long: readonly (readonly [string, number, string])[];
  readonly abstracts: Readonly<Record<string, string>>;
}
const goldens = JSON.parse(readFileSync(join(projectRoot(), "test", "tokenizer", "goldens.json"), "utf8")) as Goldens;
const encoder = join(projectRoot(), ".tslora", "models", "all-MiniLM-L6-v2");
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

test("hostile texts have Python's ids: scripts, accents, control characters, special tokens, long words", async () => {
  const tokenizer = await loadTokenizer(encoder);
  for (const [text, ids] of goldens.hostile)
    assert.deepEqual([...tokenizer.encode([text])[0].ids], ids, JSON.stringify(text));
});

test("texts of 100,000 characters have Python's ids", async () => {
  const tokenizer = await loadTokenizer(encoder);
  for (const [part, times, hash] of goldens.long)
    assert.equal(sha256(tokenizer.encode([part.repeat(times)])[0].ids.join()), hash, JSON.stringify(part));
});

test("small tokenizers in each format give Python's ids of hostile texts, truncated to each length", async () => {
  const folder = join(projectRoot(), "test", "tokenizer");
  const texts = JSON.parse(readFileSync(join(folder, "hostile-texts.json"), "utf8")) as string[];
  const small = JSON.parse(readFileSync(join(folder, "small-goldens.json"), "utf8")) as Readonly<
    Record<string, Readonly<Record<string, readonly string[]>>>
  >;
  assert.equal(Object.keys(small).length, 5);
  for (const [name, byLength] of Object.entries(small)) {
    for (const [length, expected] of Object.entries(byLength)) {
      const tokenizer = await loadTokenizer(join(folder, "folders", name), { maxLength: Number(length) });
      tokenizer
        .encode(texts)
        .forEach(({ ids }, i) =>
          assert.equal(ids.join(), expected[i], `${name}, cut to ${length}: ${JSON.stringify(texts[i])}`),
        );
    }
  }
});

test("a text of exactly maxLength tokens is not truncated; a lone surrogate is U+FFFD", async () => {
  const tokenizer = await loadTokenizer(join(projectRoot(), "test", "tokenizer", "folders", "roberta"), {
    maxLength: 4,
  });
  assert.deepEqual(
    tokenizer.encode(["!?", "!?!"]).map(({ ids, truncated }) => [ids.length, truncated]),
    [
      [4, false],
      [4, true],
    ],
  );
  assert.deepEqual(tokenizer.encode(["\ud800"])[0].ids, tokenizer.encode(["\ufffd"])[0].ids);
  assert.deepEqual([tokenizer.padTokenId, tokenizer.tokens([0, 1, 2])], [1, ["<s>", "<pad>", "</s>"]]);
});

test("files from which other ids than Python's would follow are refused", async () => {
  const source = join(projectRoot(), "test", "tokenizer", "folders");
  const refused = async (
    name: string,
    change: (files: { json: Record<string, Record<string, unknown> | null>; config: Record<string, unknown> }) => void,
    message: RegExp,
  ): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), "tslora-refused-"));
    const files = {
      json: JSON.parse(readFileSync(join(source, name, "tokenizer.json"), "utf8")) as Record<
        string,
        Record<string, unknown> | null
      >,
      config: JSON.parse(readFileSync(join(source, name, "tokenizer_config.json"), "utf8")) as Record<string, unknown>,
    };
    change(files);
    await writeFile(join(folder, "tokenizer.json"), JSON.stringify(files.json));
    await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify(files.config));
    await assert.rejects(loadTokenizer(folder), message);
    await rm(folder, { recursive: true });
  };
  await refused("cased", ({ config }) => void (config.truncation_side = "left"), /cut at their end/);
  await refused(
    "cased",
    ({ config }) => void (config.split_special_tokens = true),
    /"split_special_tokens" must be false/,
  );
  await refused(
    "roberta",
    ({ config }) => void (config.tokenizer_class = "BertTokenizer"),
    /"BertTokenizer", which is WordPiece, and its vocabulary is of BPE/,
  );
  await refused(
    "as-it-stands",
    ({ json }) => void (json.normalizer = { type: "ByteLevel" }),
    /its normalizer "ByteLevel" is not supported; supported are Sequence, NFC/,
  );
  await refused(
    "as-it-stands",
    ({ json }) => void (json.pre_tokenizer = { type: "Whitespace" }),
    /its pre_tokenizer "Whitespace" is not supported; supported are BertPreTokenizer/,
  );
  await refused("as-it-stands", ({ json }) => void (json.post_processor = null), /post_processor/);
  await refused(
    "cased",
    ({ json }) => void delete (json.model?.vocab as Record<string, unknown>)["[UNK]"],
    /vocabulary in .* lacks \[UNK\]/,
  );
  await refused(
    "roberta",
    ({ json }) => void delete (json.model?.vocab as Record<string, unknown>)["Ġ"],
    /hold all bytes of UTF-8; it lacks 1, "Ġ"/,
  );
});

test("vocab.txt alone gives the same tokenizer", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-vocab-"));
  await copyFile(join(encoder, "vocab.txt"), join(folder, "vocab.txt"));
  const tokenizer = await loadTokenizer(folder);
  for (const [text, ids] of goldens.hostile)
    assert.deepEqual([...tokenizer.encode([text])[0].ids], ids, JSON.stringify(text));
  await rm(folder, { recursive: true });
});

test("without tokenizer.json, a class that is not known is refused; other names of BERT's are not", async () => {
  const source = join(projectRoot(), "test", "tokenizer", "valid-folders", "vocab-txt");
  const folder = await mkdtemp(join(tmpdir(), "tslora-class-"));
  await cp(source, folder, { recursive: true });
  const write = (file: string, content: object): Promise<void> =>
    writeFile(join(folder, file), JSON.stringify(content));
  const texts = ["The effects of diet", "Older adults' sleep."];
  const expected = (await loadTokenizer(folder)).encode(texts).map(({ ids }) => [...ids]);
  for (const name of ["Bert", "DistilBert", "MobileBert", "SqueezeBert", "ConvBert", "LayoutLM", "PreTrained"])
    for (const className of [`${name}Tokenizer`, `${name}TokenizerFast`, "TokenizersBackend"]) {
      await write("tokenizer_config.json", { tokenizer_class: className });
      const tokenizer = await loadTokenizer(folder);
      assert.deepEqual(
        tokenizer.encode(texts).map(({ ids }) => [...ids]),
        expected,
        className,
      );
    }
  for (const name of ["BertJapaneseTokenizer", "FunnelTokenizerFast", "GPT2Tokenizer", "constructor"]) {
    await write("tokenizer_config.json", { tokenizer_class: name });
    await assert.rejects(loadTokenizer(folder), {
      code: "unsupported",
      message: new RegExp(
        `its tokenizer_class is "${name.replace("Fast", "")}", which tslora reads only from tokenizer\\.json`,
      ),
    });
  }
  await write("tokenizer_config.json", { tokenizer_class: "BartTokenizer" });
  await assert.rejects(loadTokenizer(folder), /"BartTokenizer", which is BPE, and its vocabulary is of WordPiece/);
  await write("tokenizer_config.json", {});
  await write("config.json", { model_type: "bert", tokenizer_class: "BertJapaneseTokenizer" });
  await assert.rejects(loadTokenizer(folder), /its tokenizer_class is "BertJapaneseTokenizer"/);
  await rm(folder, { recursive: true });
});

test("tokens of added_tokens.json are found in the normalized text, unless a file names them as special", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-later-added-"));
  await cp(join(projectRoot(), "test", "tokenizer", "valid-folders", "vocab-txt-padded"), folder, { recursive: true });
  const write = (file: string, content: object): Promise<void> =>
    writeFile(join(folder, file), JSON.stringify(content));
  const added = { covid19: 102, "[Extra]": 103, "[Named]": 104, "[Listed]": 105 };
  await write("added_tokens.json", added);
  await write("tokenizer_config.json", { extra_special_tokens: ["[Extra]"] });
  await write("special_tokens_map.json", {
    mask_token: { content: "[Named]" },
    additional_special_tokens: ["[Listed]"], // transformers reads this list too late for added_tokens.json
  });
  const tokenizer = await loadTokenizer(folder);
  const found = (text: string): number[] => [...tokenizer.encode([text])[0].ids].filter((id) => id >= 102);
  assert.deepEqual(found("COVID19 and covid19"), [102, 102]);
  assert.deepEqual(found("[Extra] [Named] [Listed]"), [103, 104, 105]);
  assert.deepEqual(found("[extra] [NAMED] [LISTED]"), [105]);
  await rm(folder, { recursive: true });
});

test("a text is truncated to maxLength with [SEP] at its end, and marked as truncated", async () => {
  const tokenizer = await loadTokenizer(encoder, { maxLength: 6 });
  const [long, short] = tokenizer.encode(["one two three four five six seven", "one two"]);
  assert.deepEqual(tokenizer.tokens(long.ids), ["[CLS]", "one", "two", "three", "four", "[SEP]"]);
  assert.deepEqual([long.truncated, short.truncated, short.ids.length], [true, false, 4]);
});

test("a folder without a tokenizer, another kind of tokenizer and a bad length are reported", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-no-tokenizer-"));
  await assert.rejects(
    loadTokenizer(folder),
    /holds no tokenizer: neither tokenizer\.json, nor vocab\.txt, nor vocab\.json with merges\.txt/,
  );
  await writeFile(join(folder, "tokenizer.json"), JSON.stringify({ model: { type: "WordLevel" } }));
  await assert.rejects(
    loadTokenizer(folder),
    /holds a "WordLevel" tokenizer; tslora reads WordPiece, byte-level BPE and Unigram/,
  );
  await writeFile(join(folder, "tokenizer.json"), "{");
  await assert.rejects(loadTokenizer(folder), /is not JSON/);
  await assert.rejects(loadTokenizer(encoder, { maxLength: 1 }), /at least 2/);
  await rm(folder, { recursive: true });
});

const dataset = findStudyArchive();
test("all 1,000 abstracts of the study have Python's ids, cut to 256 and to 512", { skip: dataset.skip }, async () => {
  const texts = await readStudyTexts(dataset.path ?? "");
  assert.equal(texts.length, 1000);
  for (const [length, hash] of Object.entries(goldens.abstracts)) {
    const tokenizer = await loadTokenizer(encoder, { maxLength: Number(length) });
    assert.equal(
      sha256(
        tokenizer
          .encode(texts)
          .map(({ ids }) => `${ids.join()}\n`)
          .join(""),
      ),
      hash,
    );
  }
});
