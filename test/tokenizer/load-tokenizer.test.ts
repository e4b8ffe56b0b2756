import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
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
  for (const [text, ids] of goldens.hostile) assert.deepEqual([...tokenizer.encode([text])[0].ids], ids, JSON.stringify(text));
});

test("texts of 100,000 characters have Python's ids", async () => {
  const tokenizer = await loadTokenizer(encoder);
  for (const [part, times, hash] of goldens.long) assert.equal(sha256(tokenizer.encode([part.repeat(times)])[0].ids.join()), hash, JSON.stringify(part));
});

test("vocab.txt alone gives the same tokenizer", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-vocab-"));
  await copyFile(join(encoder, "vocab.txt"), join(folder, "vocab.txt"));
  const tokenizer = await loadTokenizer(folder);
  for (const [text, ids] of goldens.hostile) assert.deepEqual([...tokenizer.encode([text])[0].ids], ids, JSON.stringify(text));
  await rm(folder, { recursive: true });
});

test("a text is cut to maxLength with [SEP] at its end, and says so", async () => {
  const tokenizer = await loadTokenizer(encoder, { maxLength: 6 });
  const [long, short] = tokenizer.encode(["one two three four five six seven", "one two"]);
  assert.deepEqual(tokenizer.tokens(long.ids), ["[CLS]", "one", "two", "three", "four", "[SEP]"]);
  assert.deepEqual([long.truncated, short.truncated, short.ids.length], [true, false, 4]);
});

test("a folder without a tokenizer, another kind of tokenizer and a bad length are told", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-no-tokenizer-"));
  await assert.rejects(loadTokenizer(folder), /as tokenizer\.json, as vocab\.txt, and as vocab\.json with merges\.txt, and none is there/);
  await writeFile(join(folder, "tokenizer.json"), JSON.stringify({ model: { type: "Unigram" } }));
  await assert.rejects(loadTokenizer(folder), /holds a "Unigram" tokenizer; tslora reads WordPiece/);
  await writeFile(join(folder, "tokenizer.json"), "{");
  await assert.rejects(loadTokenizer(folder), /is not JSON/);
  await assert.rejects(loadTokenizer(encoder, { maxLength: 1 }), /at least 2/);
  await rm(folder, { recursive: true });
});

const dataset = process.env.TSLORA_DATA ?? resolve(projectRoot(), "..", "shared", "dataset", "Dataset.zip");
test("all 1,000 abstracts of the study have Python's ids, cut to 256 and to 512", { skip: existsSync(dataset) ? false : "no Dataset.zip: set TSLORA_DATA" }, async () => {
  const texts = await readStudyTexts(dataset);
  assert.equal(texts.length, 1000);
  for (const [length, hash] of Object.entries(goldens.abstracts)) {
    const tokenizer = await loadTokenizer(encoder, { maxLength: Number(length) });
    assert.equal(sha256(tokenizer.encode(texts).map(({ ids }) => `${ids.join()}\n`).join("")), hash);
  }
});
