import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { json, makeTinyFolder, trainArgs, type TinyFolder } from "./library-commands";
import { cli } from "./tiny";

let tiny: TinyFolder;
let folder = "";
let model = "";
before(async () => {
  tiny = await makeTinyFolder();
  ({ folder, model } = tiny);
});
after(() => rm(folder, { recursive: true, force: true }));

test("texts of one class are evaluated, by evaluate and by train alike; labels that the model lacks are named", async () => {
  const one = join(folder, "one-class.csv");
  await writeFile(one, "text,label\nw5 w6,POSITIVE\nw25 w26,POSITIVE\n");
  const base = ["evaluate", "--model", model, "--adapter", tiny.adapter, "--data"];
  const { evaluation } = json<{ evaluation: { n: number; rocAuc: number | null; perLabel: { support: number }[] } }>(
    await cli([...base, one, "--json"]),
  );
  assert.deepEqual(
    [evaluation.n, evaluation.rocAuc, evaluation.perLabel.map(({ support }) => support)],
    [2, null, [0, 2]],
  );
  const text = await cli([...base, one]);
  assert.equal(text.code, 0, text.err);
  assert.match(text.out, /area under ROC +- {2}undefined, since a label has no text/);
  await writeFile(join(folder, "unknown.csv"), "text,label\nw5 w6,POSITIVE\nw7,odd\n");
  assert.match((await cli([...base, join(folder, "unknown.csv")])).err, /The model has no "odd"/);
  await writeFile(join(folder, "no-rows.csv"), "text,label\n");
  const none = await cli([...base, join(folder, "no-rows.csv")]);
  assert.deepEqual([none.code, /must hold at least one text/.test(none.err)], [2, true], none.err);

  await writeFile(join(folder, "one-neg.csv"), "text,label\nw5 w6,neg\nw5,neg\n");
  const trained = await cli(
    [
      ...trainArgs(tiny, "one-class"),
      "--num-train-epochs",
      "1",
      "--test",
      join(folder, "one-neg.csv"),
      "--validation",
      join(folder, "one-neg.csv"),
    ].filter((arg, i, all) => arg !== "12" && !(arg === "--num-train-epochs" && all[i + 1] === "12")),
  );
  assert.equal(trained.code, 0, trained.err);
  assert.match(trained.out, /No validation text has the label pos \(20 in all\)/);
  const results = JSON.parse(await readFile(join(folder, "one-class", "results.json"), "utf8")) as {
    after: { rocAuc: number | null; n: number };
  };
  assert.deepEqual([results.after.rocAuc, results.after.n], [null, 2]);
});

test("a class without a text to train on is named; what cannot be stratified too", async () => {
  const rare = join(folder, "rare.csv");
  await writeFile(
    rare,
    `text,label\nw30,rare\n${Array.from({ length: 30 }, (_, i) => `w${5 + (i % 20)},${i % 2 === 0 ? "neg" : "pos"}`).join("\n")}\n`,
  );
  const args = ["train", "--model", model, "--new-head", "--data", rare, "--max-steps", "1", "-o"];
  let named = 0;
  for (const state of ["1", "2", "3", "4", "5", "6", "7", "8"]) {
    const { out } = await cli([
      ...args,
      join(folder, `rare-${state}`),
      "--random-state",
      state,
      "--validation",
      "0.45",
      "--test",
      "0.4",
    ]);
    const places = [
      /no text to train on has the label rare \(1 in all\)/,
      /No validation text has the label rare/,
      /No test text has the label rare/,
    ].map((pattern) => pattern.test(out));
    assert.equal(places.filter(Boolean).length, 2, out); // the one text is in one of the three parts
    if (places[0]) named++;
  }
  assert.ok(named > 0);
  const stratified = await cli([...args, join(folder, "rare-none"), "--stratify"]);
  assert.deepEqual([stratified.code, existsSync(join(folder, "rare-none"))], [2, false]);
  assert.match(stratified.err, /--stratify needs 3 texts or more of each class.*"rare" \(1\)/);
});
