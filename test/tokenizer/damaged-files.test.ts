import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { TsloraError } from "../../src/base/tslora-error";
import { addedTokenSplitter } from "../../src/tokenizer/added-tokens";
import { loadTokenizer } from "../../src/tokenizer/load-tokenizer";

/** A tokenizer.json, or another of a tokenizer's files, as it is damaged here. */
interface Json extends Record<string, unknown> {
  model: { vocab: Record<string, unknown>; merges: unknown } & Record<string, unknown>;
  added_tokens: Record<string, unknown>[];
  post_processor: { special_tokens: Record<string, { ids: unknown }> };
  normalizer: Record<string, unknown>;
}
type Edit = (json: Json) => unknown;

const here = join(projectRoot(), "test", "tokenizer");
const valid = join(here, "valid-folders");
let scratch = "";
before(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tslora-damaged-"));
});
after(() => rm(scratch, { recursive: true, force: true }));

let copies = 0;
const copyOf = async (source: string): Promise<string> => {
  const folder = join(scratch, String(copies++));
  await cp(source, folder, { recursive: true });
  return folder;
};
const edited = async (source: string, file: string, edit: Edit): Promise<string> => {
  const folder = await copyOf(source);
  const json = JSON.parse(await readFile(join(folder, file), "utf8").catch(() => "{}")) as Json;
  await writeFile(join(folder, file), JSON.stringify(edit(json) ?? json));
  return folder;
};
const rewritten = async (source: string, file: string, edit: (text: string) => string): Promise<string> => {
  const folder = await copyOf(source);
  await writeFile(join(folder, file), edit(await readFile(join(folder, file), "utf8")));
  return folder;
};
const refuses = async (folder: string, message: RegExp): Promise<void> => {
  await assert.rejects(loadTokenizer(folder), (error: unknown) => {
    assert.ok(error instanceof TsloraError, String(error));
    assert.match(error.message, message);
    assert.ok(error.message.length < 4000, `${error.message.length} characters`);
    return true;
  });
};

test("folders that Python's tools save are accepted, and give Python's ids", async () => {
  const { texts, ids } = JSON.parse(readFileSync(join(valid, "ids.json"), "utf8")) as {
    texts: string[];
    ids: Record<string, number[][]>;
  };
  const names = readdirSync(valid).filter((name) => name !== "ids.json");
  assert.deepEqual(names.sort(), Object.keys(ids).sort());
  for (const name of names) {
    const tokenizer = await loadTokenizer(join(valid, name));
    assert.deepEqual(
      tokenizer.encode(texts).map((text) => [...text.ids]),
      ids[name],
      name,
    );
  }
});

const asItStands = join(here, "folders", "as-it-stands");
const cased = join(here, "folders", "cased");
const roberta = join(here, "folders", "roberta");
const robertaFiles = join(here, "folders", "roberta-files");

test("ids in tokenizer.json that are not whole numbers from 0, or occur twice, are refused", async () => {
  for (const source of [asItStands, cased, roberta]) {
    for (const id of [4294967301, 4294967296, -3, 5.7, "9", null, true, [5], 1e308]) {
      await refuses(
        await edited(
          source,
          "tokenizer.json",
          (json) => void (json.model.vocab[Object.keys(json.model.vocab)[9]] = id),
        ),
        /tokenizer\.json: a token's id must be a whole number from 0; .* has/,
      );
    }
    await refuses(
      await edited(source, "tokenizer.json", (json) => void (json.model.vocab[Object.keys(json.model.vocab)[9]] = 12)),
      /two tokens must not have one id; .* have 12/,
    );
  }
  await refuses(
    await edited(robertaFiles, "vocab.json", (json) => void (json.Ġ = -1)),
    /vocab\.json: a token's id must be a whole number from 0; "Ġ" has -1/,
  );
  await refuses(
    await edited(asItStands, "tokenizer.json", (json) => void (json.model.vocab["\ud800"] = 300)),
    /half a surrogate pair/,
  );
  for (const vocab of [null, [], {}, "a", 5, [["a", 1]]])
    await refuses(
      await edited(asItStands, "tokenizer.json", (json) => ({ ...json, model: { ...json.model, vocab } })),
      /must hold a vocabulary/,
    );
});

test("the vocabulary's size is compared with the model's, and gaps in its ids are refused", async () => {
  const last = (json: Json): string =>
    Object.entries(json.model.vocab as Record<string, number>).sort(([, a], [, b]) => b - a)[0][0];
  await refuses(
    await edited(asItStands, "config.json", (json) => ({ ...json, vocab_size: 250 })),
    /every token's id must be below the model's vocab_size, 250; .* and \d+ more are not, and the largest id is \d+/,
  );
  const gap = await edited(cased, "config.json", (json) => ({ ...json, vocab_size: 1e9 }));
  await loadTokenizer(gap);
  await refuses(
    await edited(gap, "tokenizer.json", (json) => void (json.model.vocab[last(json)] = 900)),
    /ids must be numbered without gaps; \d+ of 0 to 900 are no token's: /,
  );
  await refuses(
    await edited(gap, "tokenizer.json", (json) => void (json.model.vocab[last(json)] = 5e8)),
    /ids must be numbered without gaps; \d+ tokens have ids up to 500000000/,
  );
});

test("a vocab.txt that was cut off, or has a token twice, is refused; a padded embedding is not", async () => {
  const [whole, padded] = [join(valid, "vocab-txt"), join(valid, "vocab-txt-padded")];
  const lines = (await readFile(join(whole, "vocab.txt"), "utf8")).trimEnd().split("\n");
  for (const count of [lines.length - 1, lines.length >> 1]) {
    await refuses(
      await rewritten(whole, "vocab.txt", () => `${lines.slice(0, count).join("\n")}\n`),
      new RegExp(
        `vocab\\.txt must have as many tokens as the model's vocab_size, ${lines.length}; it has ${count}\\. Was its end cut off`,
      ),
    );
  }
  await loadTokenizer(padded);
  await refuses(
    await rewritten(padded, "vocab.txt", (text) => text.trimEnd().slice(0, -1)),
    /as many tokens as the model's vocab_size, 128; it has 102\. Was its end cut off/,
  );
  const large = await edited(padded, "config.json", (json) => ({ ...json, vocab_size: 30528 }));
  await refuses(large, /as many tokens as the model's vocab_size, 30528; it has \d+\. Was its end cut off/);
  await refuses(
    await rewritten(whole, "vocab.txt", (text) => `${text}one-more\n`),
    /must be below the model's vocab_size, \d+; "one-more" is not/,
  );
  await refuses(
    await rewritten(whole, "vocab.txt", () => [...lines.slice(0, -1), lines[20]].join("\n")),
    /vocab\.txt must hold each token once; it holds .* twice/,
  );
  await refuses(
    await rewritten(whole, "vocab.txt", () =>
      ["[PAD]", "[UNK]", ...lines.slice(2).map((line) => (line === "[CLS]" ? "cls" : line))].join("\n"),
    ),
    /lacks \[CLS\]/,
  );
  const folder = await copyOf(whole);
  await writeFile(join(folder, "vocab.txt"), Buffer.from([0x61, 0xff, 0x0a]));
  await refuses(folder, /vocab\.txt must be UTF-8 text/);
});

test("damaged merges are refused as in Python, and so are missing ones", async () => {
  const text = (edit: (text: string) => string): Promise<string> => rewritten(robertaFiles, "merges.txt", edit);
  await loadTokenizer(await text((t) => t.replaceAll("\n", "\r\n")));
  await loadTokenizer(await text((t) => t.split("\n").slice(1).join("\n"))); // without the version
  await refuses(await text((t) => t.replace("\n", "\n\n")), /merges\.txt: line 2 must be a pair of tokens; got ""/);
  await refuses(await text((t) => t.replace("\n", "\na b c\n")), /line 2 must be a pair of tokens; got "a b c"/);
  await refuses(await text((t) => t.replace("\n", "\nab\n")), /line 2 must be a pair of tokens; got "ab"/);
  await refuses(await text((t) => `${t.trimEnd()} \n`), /must be a pair of tokens/);
  await refuses(
    await text((t) => `${t.trimEnd()}\nzz qq\n`),
    /parts and results of its merges must be in the vocabulary; those of "zz qq" are not/,
  );
  await refuses(await text((t) => `${t.trimEnd()}\na a\n`), /merges must be distinct; "a a" occurs twice/);
  await refuses(
    await text((t) => t.trimEnd().split("\n").slice(0, -1).join("\n")),
    /every token of several characters must be made by a merge; .* not: are merges missing\?/,
  );
  const json = (edit: (merges: unknown[]) => unknown): Promise<string> =>
    edited(roberta, "tokenizer.json", (whole) => void (whole.model.merges = edit(whole.model.merges as unknown[])));
  await refuses(
    await json((merges) => [["a"], ...merges.slice(1)]),
    /tokenizer\.json: merge 1 must be a pair of tokens; got \["a"\]/,
  );
  await refuses(await json((merges) => [...merges.slice(0, -1), 5]), /merge \d+ must be a pair of tokens; got 5/);
  await refuses(await json((merges) => [["a", 7], ...merges.slice(1)]), /merge 1 must be a pair of tokens/);
  await refuses(await json((merges) => merges.slice(0, merges.length >> 1)), /are merges missing/);
  await refuses(await json(() => ({ a: "b" })), /"merges" must be a list/);
});

test("added tokens and the post-processor cannot contradict the vocabulary", async () => {
  const json = (edit: Edit): Promise<string> => edited(asItStands, "tokenizer.json", edit);
  for (const source of [asItStands, cased]) {
    const added = (edit: (token: Record<string, unknown>) => unknown): Promise<string> =>
      edited(source, "tokenizer.json", (whole) => void edit(whole.added_tokens[0]));
    await refuses(
      await added((token) => (token.id = 2)),
      /tokenizer\.json: "\[PAD\]" must have the vocabulary's id, 0; it has 2/,
    );
    for (const id of [-3, 5.7, "0", 4294967301, null])
      await refuses(
        await added((token) => (token.id = id)),
        /an added token's id must be a whole number from 0; "\[PAD\]" has/,
      );
    await refuses(await added((token) => (token.content = 5)), /an added token must have its text as "content"/);
    await refuses(
      await edited(source, "tokenizer.json", (whole) => ({ ...whole, added_tokens: {} })),
      /"added_tokens" must be a list/,
    );
    await refuses(
      await edited(source, "tokenizer.json", (whole) => void whole.added_tokens.push(whole.added_tokens[0])),
      /must list a token once; it lists "\[PAD\]" twice/,
    );
    await refuses(
      await edited(source, "tokenizer.json", (whole) => void whole.added_tokens.push({ content: "new", id: 7 })),
      /the added token "new" must have an id of its own; 7 is/,
    );
    await refuses(
      await edited(source, "tokenizer.json", (whole) => void (whole.post_processor.special_tokens["[CLS]"].ids = [7])),
      /post_processor must give "\[CLS\]" the vocabulary's id, 2; it gives 7/,
    );
    await refuses(
      await edited(source, "tokenizer.json", (whole) => void (whole.post_processor.special_tokens["[CLS]"].ids = [])),
      /as many ids as tokens/,
    );
  }
  await refuses(
    await json((whole) => void (whole.added_tokens[0].lstrip = "yes")),
    /"lstrip" must be true or false; got "yes"/,
  );
  await refuses(
    await json((whole) => ({
      ...whole,
      post_processor: { type: "BertProcessing", cls: ["[CLS]", -3], sep: ["[SEP]", 3] },
    })),
    /must give "\[CLS\]" the vocabulary's id, 2; it gives -3/,
  );
  await refuses(
    await edited(cased, "tokenizer_config.json", (config) => ({
      ...config,
      added_tokens_decoder: { "7": { content: "[MASK]" } },
    })),
    /tokenizer_config\.json: "\[MASK\]" must have the vocabulary's id, 4; it has 7/,
  );
  for (const key of ["-3", "5.7", "x", "4294967301"])
    await refuses(
      await edited(cased, "tokenizer_config.json", (config) => ({
        ...config,
        added_tokens_decoder: { [key]: { content: "[MASK]" } },
      })),
      /an added token's id must be a whole number from 0/,
    );
  await refuses(
    await edited(join(valid, "added-tokens-json"), "added_tokens.json", () => ({ "<e1>": 150 })),
    /must be below the model's vocab_size/,
  );
  await refuses(
    await edited(join(valid, "added-tokens-json"), "added_tokens.json", () => ({ "<e1>": 115 })),
    /ids must be numbered without gaps/,
  );
  await refuses(
    await edited(cased, "tokenizer_config.json", (config) => ({
      ...config,
      cls_token: "no-such-token",
      tokenizer_class: "BertTokenizer",
    })),
    /lacks no-such-token/,
  );
});

test("values of the wrong type are refused wherever they are used", async () => {
  const config: readonly (readonly [string, unknown])[] = [
    ["do_lower_case", "yes"],
    ["strip_accents", 1],
    ["tokenize_chinese_chars", {}],
    ["cls_token", 5],
    ["pad_token", ["[PAD]"]],
    ["truncation_side", 7],
    ["additional_special_tokens", "x"],
    ["added_tokens_decoder", []],
    ["split_special_tokens", "no"],
    ["tokenizer_class", 7],
  ];
  for (const [key, value] of config)
    await refuses(
      await edited(cased, "tokenizer_config.json", (json) => ({ ...json, [key]: value })),
      new RegExp(`"${key}" must be `),
    );
  const model: readonly (readonly [string, unknown])[] = [
    ["max_input_chars_per_word", -1],
    ["max_input_chars_per_word", 1e9],
    ["continuing_subword_prefix", 5],
    ["unk_token", {}],
  ];
  for (const [key, value] of model)
    await refuses(
      await edited(asItStands, "tokenizer.json", (json) => void (json.model[key] = value)),
      new RegExp(`"${key}" must be `),
    );
  for (const key of ["normalizer", "pre_tokenizer", "post_processor"])
    await refuses(await edited(asItStands, "tokenizer.json", (json) => ({ ...json, [key]: 5 })), new RegExp(`${key}`));
  await refuses(
    await edited(asItStands, "tokenizer.json", (json) => void (json.normalizer.lowercase = "true")),
    /"lowercase" must be true or false/,
  );
  for (const value of [null, [], 5, "model"])
    await refuses(
      await edited(asItStands, "tokenizer.json", (json) => ({ ...json, model: value })),
      /tokenizer\.json must hold a "model"/,
    );
  for (const value of [[], 5])
    await refuses(await edited(asItStands, "tokenizer.json", () => value), /must hold a JSON object/);
  await refuses(
    await edited(asItStands, "tokenizer_config.json", () => ({ tokenizer_class: "constructor" })).then((folder) =>
      rewritten(folder, "tokenizer.json", (t) => t.replace('"WordPiece"', '"toString"')),
    ),
    /holds a "toString" tokenizer/,
  );
});

test("a pattern of a pre-tokenizer or normalizer is refused, not run", async () => {
  for (const part of [
    { type: "Split", pattern: { Regex: "((a+)+)+!" }, behavior: "Isolated", invert: false },
    { type: "Sequence", pretokenizers: [{ type: "Split", pattern: { Regex: "(a|a)*!" } }] },
  ]) {
    await refuses(
      await edited(asItStands, "tokenizer.json", (json) => void (json.pre_tokenizer = part)),
      /its pre_tokenizer "Split" is not supported; supported are BertPreTokenizer/,
    );
    await refuses(
      await edited(roberta, "tokenizer.json", (json) => void (json.pre_tokenizer = part)).then((folder) =>
        edited(folder, "tokenizer_config.json", () => ({ tokenizer_class: "PreTrainedTokenizerFast" })),
      ),
      /its pre_tokenizer "Split" is not supported/,
    );
  }
  await refuses(
    await edited(
      asItStands,
      "tokenizer.json",
      (json) => void (json.normalizer = { type: "Replace", pattern: { Regex: "((a+)+)+!" }, content: "" }),
    ),
    /its normalizer Replace must look for a text, or for one of the patterns " \{2,\}"/,
  );
});

test("a token named __proto__ is a token like others", async () => {
  const folder = await rewritten(
    join(valid, "vocab-txt-padded"),
    "vocab.txt",
    (text) => `${text}__proto__\nconstructor\n`,
  );
  const tokenizer = await loadTokenizer(folder);
  const [{ ids }] = tokenizer.encode(["constructor"]);
  assert.deepEqual(tokenizer.tokens(ids), ["[CLS]", "constructor", "[SEP]"]);
  assert.equal(({} as { x?: unknown }).x, undefined);
});

test("very many added tokens are found, the longest first", () => {
  const tokens = Array.from({ length: 100_000 }, (_, id) => ({
    id,
    content: `<${id}>`,
    singleWord: false,
    lstrip: false,
    rstrip: true,
    normalized: false,
  }));
  const split = addedTokenSplitter([...tokens, { ...tokens[0], id: -1, content: "<12><" }]);
  assert.deepEqual(
    [...split("a<7>  <99999>b<12><13><12>")],
    [
      { kind: "text", text: "a" },
      { kind: "token", id: 7 },
      { kind: "token", id: 99999 },
      { kind: "text", text: "b" },
      { kind: "token", id: -1 },
      { kind: "text", text: "13>" },
      { kind: "token", id: 12 },
    ],
  );
});
