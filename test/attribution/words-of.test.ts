import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { textTokens, wordsOf } from "../../src/attribution/words-of";
import { projectRoot } from "../../src/base/project-root";
import { resolveModel } from "../../src/hub/resolve-model";
import { loadTokenizer } from "../../src/tokenizer/load-tokenizer";

const FOLDER = join(projectRoot(), "test", "tokenizer");
const HOSTILE = JSON.parse(readFileSync(join(FOLDER, "hostile-texts.json"), "utf8")) as readonly string[];

test("each word has its text's characters and all of its tokens", async () => {
  const tokenizer = await loadTokenizer((await resolveModel("embedded")).directory);
  const text = "  Immunohistochemistry, of 12.5 mm breast-cancer.";
  const words = wordsOf(tokenizer, text);
  assert.deepEqual(
    words.map((word) => word.text),
    ["Immunohistochemistry", ",", "of", "12.5", "mm", "breast", "-", "cancer", "."],
  );
  for (const { text: word, start, end } of words) assert.equal(text.slice(start, end), word);
  const [{ ids }] = tokenizer.encode([text]);
  const tokens = tokenizer.tokens(ids);
  const joined = words.map(({ tokens: [from, to] }) => tokens.slice(from, to).join("").replaceAll("##", ""));
  assert.deepEqual(
    joined,
    words.map((word) => word.text.toLowerCase()),
  );
});

test("the words of a pair are those of its texts; truncated text has no words", async () => {
  const { directory } = await resolveModel("embedded");
  const texts = ["Is it benign?", "The biopsy was benign."] as const;
  const tokenizer = await loadTokenizer(directory);
  const alone = texts.map((text) => wordsOf(tokenizer, text));
  const pair = wordsOf(tokenizer, texts);
  const shape = (words: typeof pair): unknown => words.map(({ text, start, end }) => ({ text, start, end }));
  for (const part of [0, 1]) assert.deepEqual(shape(pair.filter((word) => word.part === part)), shape(alone[part]));
  const ids = tokenizer.encode([texts])[0].ids;
  for (const {
    part,
    tokens: [from, to],
    start,
    end,
  } of pair)
    assert.deepEqual(
      [...ids.subarray(from, to)],
      [...tokenizer.encode([texts[part].slice(start, end)])[0].ids.subarray(1, -1)],
    );
  const short = await loadTokenizer(directory, { maxLength: 7 });
  const kept = wordsOf(short, texts);
  assert.deepEqual(
    [0, 1].map((part) => kept.filter((word) => word.part === part).map(({ text }) => text)),
    [
      ["Is", "it"],
      ["The", "biopsy"],
    ],
  );
});

for (const kind of ["folders", "subword-folders"])
  test(`${kind}: words of hostile texts are in order, and their tokens follow each other`, async () => {
    for (const name of readdirSync(join(FOLDER, kind))) {
      const tokenizer = await loadTokenizer(join(FOLDER, kind, name), { maxLength: 40 });
      for (const text of HOSTILE) {
        const isText = textTokens(tokenizer, text);
        let [at, token] = [0, -1];
        for (const {
          text: word,
          start,
          end,
          tokens: [from, to],
        } of wordsOf(tokenizer, text)) {
          assert.ok(start >= at && end > start && text.slice(start, end) === word, `${name}: ${JSON.stringify(text)}`);
          assert.ok((token < 0 || from === token) && to > from, `${name}: ${JSON.stringify(text)}`);
          for (let i = from; i < to; i++) assert.ok(isText[i], `${name}: ${JSON.stringify(text)}`);
          [at, token] = [end, to];
        }
      }
    }
  });
