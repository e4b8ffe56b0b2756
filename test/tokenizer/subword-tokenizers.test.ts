import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { Problems } from "../../src/base/problems";
import { projectRoot } from "../../src/base/project-root";
import { loadTokenizer } from "../../src/tokenizer/load-tokenizer";
import { makeNormalizer } from "../../src/tokenizer/normalizers/normalizer";

type Lengths = Readonly<Record<string, readonly string[]>> & { readonly pair: string };

const here = join(projectRoot(), "test", "tokenizer");
const { texts, ids } = JSON.parse(readFileSync(join(here, "subword-goldens.json"), "utf8")) as {
  texts: readonly string[];
  ids: Readonly<Record<string, Lengths>>;
};

test("tokenizers of XLM-R, CamemBERT, ALBERT, DeBERTa, ModernBERT, ELECTRA and MPNet have transformers' ids", async () => {
  assert.deepEqual(readdirSync(join(here, "subword-folders")).sort(), Object.keys(ids).sort());
  for (const [name, byLength] of Object.entries(ids)) {
    for (const length of ["9", "512"]) {
      const tokenizer = await loadTokenizer(join(here, "subword-folders", name), { maxLength: Number(length) });
      tokenizer
        .encode(texts)
        .forEach((text, i) =>
          assert.equal(text.ids.join(), byLength[length][i], `${name}, cut to ${length}: ${JSON.stringify(texts[i])}`),
        );
    }
  }
});

test("pairs of texts have transformers' ids in each of them", async () => {
  for (const [name, { pair }] of Object.entries(ids)) {
    const tokenizer = await loadTokenizer(join(here, "subword-folders", name));
    const [{ ids: found }] = tokenizer.encode([[texts[texts.length - 1], texts[texts.length - 6]]]);
    assert.equal(found.join(), pair, name);
  }
});

test("names of pieces, the padding id and the size of the vocabulary equal those in the files", async () => {
  const named = async (name: string): Promise<[number, string]> => {
    const tokenizer = await loadTokenizer(join(here, "subword-folders", name));
    return [tokenizer.padTokenId, tokenizer.tokens([0, 1, 2, 3]).join(" ")];
  };
  assert.deepEqual(await named("xlm-r"), [1, "<s> <pad> </s> <unk>"]);
  assert.deepEqual(await named("camembert"), [1, "<s>NOTUSED <pad> </s>NOTUSED <unk>"]);
  assert.deepEqual(await named("albert"), [0, "<pad> <unk> [CLS] [SEP]"]);
  assert.deepEqual(await named("deberta-v3"), [0, "[PAD] [CLS] [SEP] [UNK]"]);
  assert.deepEqual(await named("mpnet"), [1, "<s> <pad> </s> <unk>"]);
});

test("a text keeps its start if normalization leaves a part of its first character, as in Python's tokenizers", () => {
  const strip = { type: "Strip", strip_left: true, strip_right: true };
  const remove = (text: string): object => ({ type: "Replace", pattern: { String: text }, content: "" });
  const kept = (steps: readonly object[], texts: readonly string[]): boolean[] => {
    const normalizer = makeNormalizer({ type: "Sequence", normalizers: steps }, new Problems("tokenizer.json"));
    return texts.map((text) => normalizer?.keepsStart(text) === true);
  };
  const texts = ["ap", " ap", "\u02dcp", " \u02dcp", "\u00a0p", "\u00b4a", "\u2017p"];
  assert.deepEqual(kept([strip], texts), [true, false, true, false, false, true, true]);
  assert.deepEqual(kept([{ type: "NFKC" }, strip], texts), [true, false, true, false, false, true, true]);
  assert.deepEqual(kept([{ type: "NFKC" }, remove(" ")], texts), [true, false, true, false, false, true, true]);
  assert.deepEqual(kept([{ type: "NFKC" }, remove(" \u0303")], ["\u02dcp", "\u0303p"]), [false, true]);
});
