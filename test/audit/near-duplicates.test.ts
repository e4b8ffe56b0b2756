import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { earliestPairs, type SimilarPair } from "../../src/audit/duplicates/earliest-pairs";
import { bucketsOf, optimalBands, shareEarlierBand } from "../../src/audit/duplicates/lsh-bands";
import { MinHash } from "../../src/audit/duplicates/min-hash";
import { findNearDuplicates } from "../../src/audit/duplicates/near-duplicates";
import { Pause } from "../../src/audit/duplicates/pause";
import { jaccard, shinglesOf } from "../../src/audit/duplicates/shingles";
import { projectRoot } from "../../src/base/project-root";
import { Random } from "../../src/base/random";
import { TsloraError } from "../../src/base/tslora-error";
import { NumpyRandom } from "../../src/corpus/split/numpy-random";

const golden = JSON.parse(readFileSync(join(projectRoot(), "test", "audit", "golden-min-hash.json"), "utf8")) as {
  signatures: { members: string[] | number; numPerm: number; seed: number; sha256: string }[];
  bands: { threshold: number; numPerm: number; bands: [number, number] }[];
  candidates: [number, number][][];
};

test("signatures are datasketch's, bit for bit", () => {
  for (const { members, numPerm, seed, sha256 } of golden.signatures) {
    const whole =
      typeof members !== "number"
        ? members
        : Array.from({ length: members }, (_, i) => (members === 300 ? `w${i} w${i + 1} w${i + 2}` : String(i)));
    const signature = new MinHash({ numPerm, seed }).signature(whole);
    assert.equal(createHash("sha256").update(Buffer.from(signature.buffer)).digest("hex"), sha256, `seed ${seed}`);
  }
});

test("bands equal those that datasketch chooses", () => {
  for (const { threshold, numPerm, bands } of golden.bands) {
    const { b, r } = optimalBands(threshold, numPerm);
    assert.deepEqual([b, r], bands, `threshold ${threshold}, ${numPerm} permutations`);
  }
});

test("candidates are datasketch's", () => {
  const hasher = new MinHash();
  for (const [seed, expected] of golden.candidates.entries()) {
    const random = new NumpyRandom(seed);
    const sets = Array.from({ length: 60 }, () => Array.from({ length: 40 }, () => String(random.uint32() % 45)));
    for (let row = 30; row < 60; row++)
      sets[row] = [...sets[row - 30].slice(0, 40 - (row % 8)), ...sets[row].slice(0, row % 8)];
    const signatures = new Uint32Array(60 * 128);
    sets.forEach((set, row) => hasher.signature(set, signatures.subarray(row * 128, (row + 1) * 128)));
    const banded = { signatures, numPerm: 128, bands: optimalBands(0.6 + (seed % 4) / 10, 128) };
    const found: [number, number][] = [];
    for (let band = 0; band < banded.bands.b; band++)
      for (const bucket of bucketsOf(banded, band))
        bucket.forEach((b, i) =>
          bucket.slice(0, i).forEach((a) => {
            if (!shareEarlierBand(banded, [a, b], band)) found.push([a, b]);
          }),
        );
    found.sort(([a, b], [c, d]) => b - d || a - c);
    assert.deepEqual(found, expected, `seed ${seed}`);
  }
});

const words = (random: Random, count: number): string[] =>
  Array.from({ length: count }, () => `word${random.below(5000)}`);

test("copies, edited copies and equal words are found, with their exact similarity", async () => {
  const random = new Random(3);
  const texts = Array.from({ length: 200 }, () => words(random, 60));
  const edited = [...texts[10]];
  edited[30] = "other";
  const all = [
    ...texts.map((text) => text.join(" ")),
    `${texts[4].join("  ").toUpperCase()}!`, // row 200: the same words
    edited.join(" "), // row 201: one of 60 words differs
    texts[4].slice(0, 30).join(" "), // row 202: half of a text
    "", // rows 203 and 204: nothing to compare
    "...",
  ];
  const { pairs, groups } = await findNearDuplicates(all);
  assert.deepEqual(groups, [
    [4, 200],
    [10, 201],
  ]);
  assert.deepEqual(pairs, [
    { first: 4, second: 200, similarity: 1 },
    { first: 10, second: 201, similarity: 55 / 61 },
  ]);
  assert.equal(jaccard(shinglesOf(all[10], 3), shinglesOf(all[201], 3)), 55 / 61);
});

test("a row that is similar to earlier ones of its group has a pair with the earliest, whatever the order of the bands", async () => {
  const random = new Random(11);
  const families = Array.from({ length: 150 }, () => {
    const own = words(random, 60);
    return Array.from({ length: 4 }, (_, i) =>
      own.map((word, at) => (at === 7 + 11 * i ? `edit${i}` : word)).join(" "),
    );
  });
  const texts = random.shuffle(families.flat());
  const shingles = texts.map((text) => shinglesOf(text, 3));
  const { pairs, groups } = await findNearDuplicates(texts);
  assert.ok(groups.length > 100);
  const earliest = groups.flatMap((group) =>
    group.flatMap((second, i) => {
      const first = group.slice(0, i).find((row) => jaccard(shingles[row], shingles[second]) >= 0.8);
      return first === undefined ? [] : [`${first} ${second}`];
    }),
  );
  const found = new Set(pairs.map(({ first, second }) => `${first} ${second}`));
  assert.deepEqual(
    earliest.filter((pair) => !found.has(pair)),
    [],
  );
  const whole = groups.reduce((sum, group) => sum + group.length - 1, 0);
  assert.equal(pairs.length, whole);
});

test("each row gets the earliest similar row of its group, and rows that only a later one connects stay connected", async () => {
  const edges = (...found: [number, number][]): SimilarPair[] =>
    found.map(([first, second]) => ({ first, second, similarity: 0.9 }));
  const of = (similarityOf: (first: number, second: number) => number): Parameters<typeof earliestPairs>[1] => ({
    rows: 4,
    threshold: 0.8,
    similarityOf,
    pause: new Pause(undefined),
  });
  assert.deepEqual(
    await earliestPairs(
      edges([1, 2], [0, 2]),
      of(() => 0.9),
    ),
    edges([0, 1], [0, 2]),
  );
  assert.deepEqual(
    await earliestPairs(
      edges([1, 2], [0, 2]),
      of((first, second) => (first === 0 && second === 1 ? 0.7 : 0.9)),
    ),
    edges([0, 2], [1, 2]),
  );
});

test("a copy of a text that is like an earlier one has pairs with both", async () => {
  const own = words(new Random(5), 60);
  const edited = own.map((word, at) => (at === 59 ? "other" : word)).join(" ");
  const { pairs } = await findNearDuplicates([own.join(" "), edited, edited.toUpperCase()]);
  assert.deepEqual(pairs, [
    { first: 0, second: 1, similarity: 57 / 59 },
    { first: 0, second: 2, similarity: 57 / 59 },
    { first: 1, second: 2, similarity: 1 },
  ]);
  const emoji = await findNearDuplicates(["\u{1f600}", "\u{1f621}", " \u{1f600}"]);
  assert.deepEqual(emoji.groups, [[0, 2]]);
});

test("pairs of texts are duplicates in either order, and texts without spaces are compared by character", async () => {
  const { groups } = await findNearDuplicates([
    ["how old", "ten years"],
    ["Ten years.", "How old?"],
    "基因表达与肿瘤发生机制的研究进展综述分析报告",
    "基因表达与肿瘤发生机制的研究进展综述分析报导",
    "基因表达",
  ]);
  assert.deepEqual(groups, [
    [0, 1],
    [2, 3],
  ]);
});

test("many copies of one text take linear time, and a search can be stopped", async () => {
  const copies = Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? "one two three four" : `five six seven ${i}`));
  const { pairs, groups } = await findNearDuplicates(copies);
  assert.deepEqual([pairs.length, groups.length, groups[0].length], [9999, 1, 10_000]);
  const controller = new AbortController();
  const reason = new Error("enough");
  const work = findNearDuplicates(copies, { signal: controller.signal, onProgress: () => controller.abort(reason) });
  controller.abort(reason);
  await assert.rejects(work, reason);
});

test("options out of range are listed in one error", async () => {
  await assert.rejects(
    findNearDuplicates([], { threshold: 1, shingleSize: 0, numPerm: 1, seed: -1 }),
    (error) =>
      error instanceof TsloraError &&
      ["threshold", "shingleSize", "numPerm", "seed"].every((name) => error.message.includes(`${name} must be`)),
  );
});
