import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { loadTokenizer } from "../../src/tokenizer/load-tokenizer";
import type { TokenizedText } from "../../src/tokenizer/tokenizer";
import { truncatePair } from "../../src/tokenizer/truncate-pair";

const room = join(projectRoot(), "test", "tokenizer");
const read = (name: string): unknown => JSON.parse(readFileSync(join(room, name), "utf8"));

interface PairCase {
  readonly folder: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly postProcessor?: unknown;
  readonly example: string;
  readonly lengths: Readonly<Record<string, string>>;
}
const goldens = read("pair-goldens.json") as {
  readonly words: readonly string[];
  readonly sides: readonly number[];
  readonly example: readonly [string, string];
  readonly cases: readonly PairCase[];
};
const hostile = (read("hostile-texts.json") as string[]).map((text) => text.replace(/\p{Surrogate}/gu, "\ufffd"));
const words = (count: number): string => goldens.words.slice(0, count).join(" ");
const pairs: (readonly [string, string])[] = [
  ...goldens.sides.flatMap((first) => goldens.sides.map((second) => [words(first), words(second)] as const)),
  ...hostile.map((text, i) => [text, hostile[(7 * i + 3) % hostile.length]] as const),
];

function line({ ids, types = new Int32Array(ids.length) }: TokenizedText): string {
  return `${ids.join()}|${types.join()}`;
}

async function changedFolder({ folder, config, postProcessor }: PairCase): Promise<string> {
  const place = join(await mkdtemp(join(tmpdir(), "tslora-pairs-")), "tokenizer");
  await cp(join(room, "folders", folder), place, { recursive: true });
  const change = async (name: string, by: object): Promise<void> => {
    const path = join(place, name);
    await writeFile(path, JSON.stringify({ ...(JSON.parse(await readFile(path, "utf8")) as object), ...by }));
  };
  if (config !== undefined) await change("tokenizer_config.json", config);
  if (postProcessor !== undefined) await change("tokenizer.json", { post_processor: postProcessor });
  return place;
}

test("pairs of texts have transformers' ids and token types, cut to each length", async () => {
  assert.equal(goldens.cases.length, 12);
  for (const one of goldens.cases) {
    const folder = await changedFolder(one);
    const what = JSON.stringify({ ...one, lengths: undefined, example: undefined });
    try {
      const whole = await loadTokenizer(folder);
      assert.equal(line(whole.encode([goldens.example])[0]), one.example, what);
      for (const [length, hash] of Object.entries(one.lengths)) {
        const tokenizer = await loadTokenizer(folder, { maxLength: Number(length) });
        const lines = tokenizer.encode(pairs).map(line).join("\n");
        assert.equal(createHash("sha256").update(lines).digest("hex"), hash, `${what}, cut to ${length}`);
      }
    } finally {
      await rm(join(folder, ".."), { recursive: true });
    }
  }
});

test("a pair is marked as truncated if either text lost tokens; token types are omitted if all are 0", async () => {
  const tokenizer = await loadTokenizer(join(room, "folders", "cased"), { maxLength: 6 });
  const encoded = tokenizer.encode([["a b", "c"], ["a b", "c d"], ["", "a b c d"], ["", ""], "a"]);
  assert.deepEqual(
    encoded.map(({ ids, truncated }) => [ids.length, truncated]),
    [
      [6, false],
      [6, true],
      [6, true],
      [3, false],
      [3, false],
    ],
  );
  assert.deepEqual(encoded[0].types, Int32Array.of(0, 0, 0, 0, 1, 1));
  assert.equal(encoded[4].types, undefined);
  const roberta = await loadTokenizer(join(room, "folders", "roberta"));
  assert.equal(roberta.encode([["a", "b"]])[0].types, undefined);
});

test("of two long texts, no more tokens are read than the shorter has", () => {
  const counted = (length: number): { ids: Generator<number>; read: () => number } => {
    let count = 0;
    function* ids(): Generator<number> {
      for (; count < length;) yield count++;
    }
    return { ids: ids(), read: () => count };
  };
  const [first, second] = [counted(1_000_000), counted(300)];
  const { texts, truncated } = truncatePair(first.ids, second.ids, 9);
  assert.deepEqual([texts[0].length, texts[1].length, truncated], [5, 4, true]);
  assert.ok(first.read() <= 302 && second.read() <= 300, `${first.read()}, ${second.read()}`);
});

test("a pair that cannot be encoded is refused, with advice", async () => {
  const bare = await loadTokenizer(join(room, "folders", "as-it-stands"));
  assert.throws(() => bare.encode([["a", "b"]]), /template of pairs that begins with a special token.*join the two/);
  const short = await loadTokenizer(join(room, "folders", "roberta"), { maxLength: 3 });
  assert.throws(() => short.encode([["a", "b"]]), /maxLength must be at least 4.*got 3/);
  const damaged = await changedFolder({
    folder: "cased",
    config: { model_input_names: "input_ids" },
    example: "",
    lengths: {},
  });
  await assert.rejects(loadTokenizer(damaged), /"model_input_names" must be a list of texts; got "input_ids"/);
  await rm(join(damaged, ".."), { recursive: true });
});
