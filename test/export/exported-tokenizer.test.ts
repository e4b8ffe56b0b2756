import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { exportedTokenizer } from "../../src/tokenizer/exported-tokenizer";
import { loadTokenizer } from "../../src/tokenizer/load-tokenizer";

let scratch = "";
before(async () => (scratch = await mkdtemp(join(tmpdir(), "tslora-tokenizer-"))));
after(() => rm(scratch, { recursive: true, force: true }));

const TEXTS = [
  "",
  "Breast cancer, in 12 (n = 345) women.",
  "  Überlebensrate  über fünf Jahre\n",
  "p<0.05 [MASK] <mask>",
];

/** Folders without tokenizer.json, of each kind of vocabulary. */
const FOLDERS = [
  "folders/roberta-files",
  ...["albert", "deberta-v3", "electra", "mpnet", "xlm-r"].map((name) => `subword-folders/${name}`),
];

for (const name of FOLDERS)
  test(`${basename(name)}: the written tokenizer.json gives the ids of the folder's own files`, async () => {
    const source = join(projectRoot(), "test", "tokenizer", name);
    const { json, config } = await exportedTokenizer(source, { maxLength: 64 });
    assert.ok(json !== undefined, "the folder has no tokenizer.json");
    assert.equal(config.model_max_length, 64);
    const folder = join(scratch, basename(name));
    await cp(join(source, "config.json"), join(folder, "config.json"));
    await writeFile(join(folder, "tokenizer.json"), JSON.stringify(json));
    // as transformers.js reads it: no class that builds the tokenizer from the vocabulary alone
    const asItIs = { ...config, tokenizer_class: "PreTrainedTokenizerFast" };
    await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify(asItIs));
    const [own, written] = [
      await loadTokenizer(source, { maxLength: 64 }),
      await loadTokenizer(folder, { maxLength: 64 }),
    ];
    assert.deepEqual(written.encode(TEXTS), own.encode(TEXTS));
    assert.deepEqual(written.encode([["a b", "c"]]), own.encode([["a b", "c"]]));
    assert.equal(written.padTokenId, own.padTokenId);
    const read = JSON.parse(await readFile(join(folder, "tokenizer_config.json"), "utf8")) as Record<string, unknown>;
    for (const key of ["pad_token", "cls_token", "sep_token", "unk_token", "tokenizer_class"])
      assert.ok(key in read, key);
  });
