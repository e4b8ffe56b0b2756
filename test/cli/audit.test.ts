import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { flippedTexts } from "../audit/flipped-texts";
import { json } from "./library-commands";
import { cli } from "./tiny";

let folder = "";
let data = "";
let tests = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-audit-"));
  [data, tests] = [join(folder, "data.csv"), join(folder, "test.csv")];
  const { frame } = flippedTexts(120);
  const texts = frame.column("texts").values as string[];
  const labels = frame.column("label").values as number[];
  const row = (i: number): string => `${i},${texts[i]},${labels[i] === 1 ? "tumour" : "control"}`;
  await writeFile(data, ["id,text,label", ...texts.map((_, i) => row(i))].join("\n"));
  await writeFile(
    tests,
    ["id,text,label", `a${row(3)}`, `b${row(8)} `, "c1,another text of the tests,control"].join("\n"),
  );
});
after(() => rm(folder, { recursive: true, force: true }));

interface Audit {
  readonly summary: { readonly texts: number; readonly checks: readonly string[] };
  readonly issues: readonly { readonly ID: string; readonly part?: string; readonly reason: string }[];
}

test("audit prints a summary and writes the table, without texts", async () => {
  const output = join(folder, "issues.csv");
  const printed = await cli(["audit", "--data", data, "--output", output, "--n-splits", "3"], { columns: 80 });
  assert.equal(printed.code, 0, printed.err);
  assert.match(printed.out, /all texts +120 +100\.0%/);
  assert.match(printed.out, /label-issue/);
  assert.match(printed.out, /out of 3\s+stratified folds/);
  const csv = await readFile(output, "utf8");
  assert.match(csv, /^ID,part,row,reason,severity,score,label,suggested,other,evidence\r\n/);
  assert.ok(!csv.includes("shared1") && !printed.out.includes("shared1"));
  for (const line of printed.out.split("\n")) assert.ok(line.length <= 80, line);
});

test("audit finds texts of the data in the test texts", async () => {
  const printed = await cli(["audit", "--data", data, "--test", tests, "--checks", "duplicates", "--json"]);
  const { summary, issues } = json<Audit>(printed);
  assert.match(printed.err, /Data: 120 texts/, "notices are not lost");
  assert.deepEqual([summary.texts, summary.checks], [123, ["duplicates"]]);
  const across = issues.filter(({ reason }) => reason === "duplicate-across-parts");
  assert.deepEqual(
    across.map(({ ID, part }) => [ID, part]),
    [
      ["a3", "test"],
      ["b8", "test"],
    ],
  );
});

test("audit refuses options before it reads data", async () => {
  const refused = async (args: string[], part: RegExp): Promise<void> => {
    const { code, err } = await cli(["audit", ...args]);
    assert.equal(code, 2);
    assert.match(err, part);
  };
  await refused([], /--data is needed/);
  await refused(
    ["--data", "no.csv", "--output", "issues.txt"],
    /--output must end in \.csv or \.json; got issues\.txt/,
  );
  await refused(["--data", "no.csv", "--similarity", "2"], /--similarity must be a number between 0 and 1; got 2/);
  await refused(["--data", "no.csv", "--checks", "spelling"], /spelling/);
});

test("audit --group-column finds groups that the test texts divide", async () => {
  const [train, held] = [join(folder, "grouped.csv"), join(folder, "grouped-test.csv")];
  await writeFile(train, "id,text,label,patient\n1,one text,0,7\n2,a second text,1,8\n3,a third text,0,9\n");
  await writeFile(held, "id,text,label,patient\n4,a fourth text,1,8\n5,a fifth text,0,10\n");
  const args = ["audit", "--data", train, "--test", held, "--checks", "duplicates", "--group-column"];
  const { issues } = json<Audit>(await cli([...args, "patient", "--json"]));
  assert.deepEqual(
    issues.map(({ ID, part, reason }) => [ID, part, reason]),
    [["4", "test", "group-across-parts"]],
  );
  const missing = await cli([...args, "Patient"]);
  assert.equal(missing.code, 2);
  assert.match(missing.err, /must have a column "Patient" .*--group-column/s);
});
