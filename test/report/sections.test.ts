import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { studyFacts } from "../../src/report/facts/gather-facts";
import { reportPage } from "../../src/report/page/report-page";
import type { ReportBlock, ReportFigure } from "../../src/report/report-section";
import { writeReport } from "../../src/report/write-report";
import { oldResults } from "./example-results";
import { SECTIONS } from "./example-sections";
import { allOf, openPage } from "./open-page";

const page = openPage(reportPage(studyFacts({ ...oldResults(), sections: SECTIONS })));
const section = page.getElementById("seeds");

test("further sections come before the conclusions, in the contents too", () => {
  const ids = allOf(page, "main > section").map(({ id }) => id);
  assert.equal(ids.indexOf("seeds") + 1, ids.indexOf("conclusions"));
  assert.equal(page.querySelector("nav a[href='#seeds']")?.textContent, "Over <seeds>");
});

test("every kind of block is shown, escaped, with code between backticks", () => {
  assert.ok(section !== null);
  assert.equal(section.querySelector("p")?.textContent, "Five seeds, with seed <b>");
  assert.deepEqual(
    allOf(section, "code").map((one) => one.textContent),
    ["seed", "code", 'npx tslora train --seed "1"'],
  );
  const cells = allOf(section, "#seeds-table tbody tr").map((row) =>
    allOf(row, "th, td").map((cell) => cell.textContent),
  );
  assert.deepEqual(cells, [
    ["1", "0.912"],
    ["2", "–"],
    ["mean", "0.9[0.8, 1.0]"],
  ]);
  assert.equal(
    section.querySelector("#seeds-table")?.closest("details")?.querySelector("summary")?.textContent,
    "Accuracy by seed",
  );
});

test("figures are drawn with the names of their series, and listed as text", () => {
  assert.ok(section !== null);
  const figures = allOf(section, "figure");
  assert.equal(figures.length, 3);
  const [line, intervals, bars] = figures;
  for (const text of ["LoRA <r=8>", "TF-IDF", "guessing", "Learning curve", "Training texts"])
    assert.ok(line.querySelector("svg")?.textContent.includes(text), text);
  assert.match(line.querySelector("pre")?.textContent ?? "", /100: 0\.8 \[0\.750, 0\.850\]/);
  assert.match(intervals.querySelector("svg")?.textContent ?? "", /fold 1.*fold 2/s);
  const rows = bars.querySelector("svg")?.textContent ?? "";
  for (const name of [
    "a very long name of a model <1>",
    "another very long name of one",
    "a third very long name",
    "short",
  ])
    assert.ok(rows.includes(name), name);
});

test("sections that cannot be shown are refused with all problems, before anything is written", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-report-"));
  const refused = (content: readonly ReportBlock[], message: RegExp, id = "more"): Promise<void> =>
    assert.rejects(writeReport(studyFacts({ ...oldResults(), sections: [{ id, title: "More", content }] }), folder), {
      code: "bad-input",
      message,
    });
  const figure = (
    points: ReportFigure["series"][number]["points"],
    more: Partial<ReportFigure> = {},
  ): ReportFigure => ({
    kind: "figure",
    title: "F",
    form: "line",
    xLabel: "x",
    yLabel: "y",
    series: [{ name: "s", points }],
    ...more,
  });
  try {
    await refused([], /"summary" is taken/, "summary");
    await refused([], /small letters.*got "A b"/, "A b");
    await refused(
      [{ kind: "table", caption: "T", columns: [{ name: "a" }], rows: [["1", "2"]] }],
      /row 0 of the table "T" must have 1 cells; got 2/,
    );
    await refused([figure([])], /must have a point/);
    await refused([figure([{ x: 1, y: NaN }])], /must be finite/);
    await refused([figure([{ x: 1, y: 0.5, low: 0.6, high: 0.7 }])], /must hold 0\.5; got 0\.6 to 0\.7/);
    const beside = { x: 1, y: 0.925 + 1e-9, low: 0.925, high: 0.925 };
    const rounded = { ...beside, y: 0.9250000000000002 }; // the mean of three times 0.925
    await refused([figure([rounded, beside])], /must hold 0\.925000001; got 0\.925 to 0\.925/);
    await refused([figure([{ x: 0, y: 1 }], { logX: true })], /above 0 on a logarithmic axis/);
    await refused([{ ...figure([{ x: 1, y: 1 }]), id: "more" }], /"more" is taken/);
    assert.deepEqual(await readdir(folder), []);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
