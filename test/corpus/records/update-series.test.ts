import assert from "node:assert/strict";
import { test } from "node:test";

import { Random } from "../../../src/base/random";
import { UpdateSeries } from "../../../src/corpus/records/update-series";

type Step = { readonly kind: "add" | "delete"; readonly pmid: string; readonly version: number };

/** The current records by the definition, as `file place` of each: all steps in order, in memory. */
function currentOf(files: readonly (readonly Step[])[]): Set<string> {
  const places = new Map<string, Map<number, string>>();
  files.forEach((steps, file) =>
    steps.forEach(({ kind, pmid, version }, place) => {
      const versions = places.get(pmid) ?? new Map<number, string>();
      places.set(pmid, versions);
      if (kind === "add") versions.set(version, `${file} ${place}`);
      else versions.delete(version);
    }),
  );
  return new Set(
    [...places.values()].flatMap((versions) => {
      const highest = Math.max(...versions.keys());
      return versions.size === 0 ? [] : [versions.get(highest) ?? ""];
    }),
  );
}

/** The same by the series' lists, as a reader applies them: the first `count` of a PMID and version are left out. */
function readerOf(files: readonly (readonly Step[])[]): Set<string> {
  const series = new UpdateSeries();
  files.forEach((steps, file) =>
    steps.forEach((step) => (step.kind === "add" ? series.add(file, step) : series.delete(step))),
  );
  const superseded = series.finish();
  const left = new Set<string>();
  files.forEach((steps, file) => {
    const counts = new Map<string, number>();
    for (const { pmid, version, count } of superseded(file))
      counts.set(`${pmid} ${version}`, (counts.get(`${pmid} ${version}`) ?? 0) + count);
    steps.forEach(({ kind, pmid, version }, place) => {
      if (kind === "delete") return;
      const times = counts.get(`${pmid} ${version}`) ?? 0;
      if (times > 0) counts.set(`${pmid} ${version}`, times - 1);
      else left.add(`${file} ${place}`);
    });
  });
  return left;
}

test("the last revision wins, the highest version before it, and deletions count until a record comes again", () => {
  const add = (pmid: string, version = 1): Step => ({ kind: "add", pmid, version });
  const remove = (pmid: string, version = 1): Step => ({ kind: "delete", pmid, version });
  const current = (...files: readonly (readonly Step[])[]): string[] => [...readerOf(files)].sort();
  assert.deepEqual(current([add("1"), add("2")], [add("1")]), ["0 1", "1 0"]);
  assert.deepEqual(current([add("1")], [remove("1")]), []);
  assert.deepEqual(current([add("1")], [remove("1")], [add("1")]), ["2 0"]);
  assert.deepEqual(current([add("1", 2)], [add("1", 1)]), ["0 0"]);
  assert.deepEqual(current([add("1", 1), add("1", 2)], [remove("1", 2)]), ["0 0"]);
  assert.deepEqual(current([add("1"), add("1")]), ["0 1"]);
});

test("its lists leave the records of the definition, for random series", () => {
  const random = new Random(3);
  for (let round = 0; round < 300; round++) {
    const files = Array.from({ length: 1 + (random.uint32() % 4) }, () =>
      Array.from({ length: random.uint32() % 8 }, (): Step => ({
        kind: random.uint32() % 4 === 0 ? "delete" : "add",
        pmid: String([1, 2, 5000, 38_000_000][random.uint32() % 4]),
        version: 1 + ((random.uint32() % 5) >> 2) + ((random.uint32() % 5) >> 2),
      })),
    );
    assert.deepEqual([...readerOf(files)].sort(), [...currentOf(files)].sort(), JSON.stringify(files));
  }
});
