import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { DataFrame } from "danfojs-node";

import { partData } from "../../src/cli/train/part-data";
import { makeTinyFolder, type TinyFolder } from "./library-commands";
import { cli } from "./tiny";

let tiny: TinyFolder;
before(async () => void (tiny = await makeTinyFolder()));
after(() => rm(tiny.folder, { recursive: true, force: true }));

const LABELS = ["neg", "pos"];
const share = (value: number): { kind: "share"; share: number } => ({ kind: "share", share: value });

/** 90 texts of patients who have one to eight each. */
const patients = Array.from({ length: 90 }, (_, i) => `patient ${Math.floor(Math.sqrt(4.4 * i))}`);
const frame = new DataFrame({
  ID: patients.map((_, i) => `id ${i}`),
  texts: patients.map((_, i) => `text ${i}`),
  label: patients.map((_, i) => i % 2),
  group: patients,
});

test("no group is divided, every text is in one part, and shares and numbers count groups", () => {
  const all = new Set(patients).size;
  for (const randomState of [0, 1, 42])
    for (const [validation, held] of [
      [0.2, 0.3],
      [3, 5],
      [0, 0.25],
      [0.25, 0],
    ]) {
      const parts = partData(frame, {
        ...{ validation: share(validation), test: share(held), stratify: false, randomState, labels: LABELS },
        grouped: true,
      });
      const count = (value: number): number => (Number.isInteger(value) ? value : Math.ceil(value * all));
      const groupsOf = (part: DataFrame | undefined): Set<string> =>
        new Set((part?.column("ID").values as string[] | undefined)?.map((id) => patients[Number(id.slice(3))]));
      const sets = [groupsOf(parts.train), groupsOf(parts.validation), groupsOf(parts.test)];
      assert.deepEqual(
        sets.map(({ size }) => size),
        [all - count(validation) - count(held), count(validation), count(held)],
      );
      assert.equal(new Set(sets.flatMap((set) => [...set])).size, all, "no group is in two parts");
      const rows = [parts.train, parts.validation, parts.test].reduce((sum, part) => sum + (part?.shape[0] ?? 0), 0);
      assert.equal(rows, patients.length);
    }
});

test("train --group-column says how it divides, repeats it, and refuses what groups do not allow", async () => {
  const data = join(tiny.folder, "patients.csv");
  const words = (i: number): string => `w${5 + (i % 20)} w${6 + (i % 18)}`;
  const rows = patients.map((patient, i) => `${words(i)},${LABELS[i % 2]},${patient}`);
  await writeFile(data, `text,label,patient\n${rows.join("\n")}\n`);
  const args = ["train", "--model", tiny.model, "--new-head", "--data", data, "--max-steps", "1"];
  const out = join(tiny.folder, "grouped");
  const run = await cli([...args, "--group-column", "patient", "-o", out]);
  assert.equal(run.code, 0, run.err);
  assert.match(run.out, /Parts: \d+ texts to train on, \d+ for validation, \d+ to test on; /);
  assert.ok(run.out.includes(`; ${new Set(patients).size} groups, none of them divided, random state 42.`), run.out);
  assert.match(await readFile(join(out, "training_args.json"), "utf8"), /"group[-_]?[cC]olumn": "patient"/);
  const file = join(tiny.folder, "file.csv");
  await writeFile(file, `text,label,patient\nw5,neg,another\nw6,pos,${patients[0]}\nw7,pos,${patients[89]}\n`);
  const withFile = await cli([
    ...args,
    "--group-column",
    "patient",
    "--validation",
    "none",
    "--test",
    file,
    "-o",
    `${out}-file`,
  ]);
  assert.equal(withFile.code, 0, withFile.err);
  assert.match(withFile.out, /Warning: 2 groups of the test texts also have training texts/);
  for (const [more, message] of [
    [["--group-column", "patient", "--stratify"], /--stratify must be left out with --group-column/],
    [["--group-column", "patient", "--test", "0.9"], /leaves none to train on/],
    [["--group-column", "person"], /--group-column must be .*person|person/],
  ] as const) {
    const place = join(tiny.folder, "refused");
    const refused = await cli([...args, ...more, "-o", place]);
    assert.equal(refused.code, 2, refused.err);
    assert.match(refused.err, message);
    assert.equal(existsSync(place), false);
  }
});
