import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import type { RunPart } from "../../src/experiment/planned-run";
import type { RunResult } from "../../src/experiment/run-result";
import { addReportSection } from "../../src/report/add-report-section";
import { experimentSection } from "../../src/report/experiment-section";
import { studyFacts } from "../../src/report/facts/gather-facts";
import { reportPage } from "../../src/report/page/report-page";
import { readResults, writeResults } from "../../src/report/study-results";
import { oldResults } from "./example-results";
import { allOf, openPage } from "./open-page";

/** A run that is wrong on the first texts. */
function run(method: string, part: RunPart, { seed, wrong }: { seed: number; wrong: number }): RunResult {
  return {
    method,
    part,
    seed,
    labels: ["no", "yes"],
    texts: { train: part.kind === "curve" ? part.trainSize : 30, validation: 10, test: 20 },
    predictions: Array.from({ length: 20 }, (_, i) => {
      const yTrue = i % 2;
      const yPred = i < wrong ? 1 - yTrue : yTrue;
      return { yTrue, yPred, probabilities: yPred === 1 ? [0.2, 0.8] : [0.8, 0.2] };
    }),
    validationAccuracy: null,
    steps: 1,
    trainableParameters: 5,
    elapsedSeconds: 1,
  };
}

const results = ["Majority <class>", "LoRA"].flatMap((method, m) => [
  ...[1, 2].map((seed) => run(method, { kind: "holdout" }, { seed, wrong: m === 0 ? 10 : seed })),
  ...[0, 1].map((fold) => run(method, { kind: "fold", repeat: 0, fold }, { seed: 1, wrong: m === 0 ? 9 + fold : 1 })),
  ...[10, 30].map((trainSize) => run(method, { kind: "curve", trainSize }, { seed: 1, wrong: m === 0 ? 10 : 3 })),
]);

test("the section shows scores, tests, curves and conclusions on the page, escaped", () => {
  const section = experimentSection(results, { reference: "LoRA" });
  const page = openPage(reportPage(studyFacts({ ...oldResults(), sections: [section] })));
  const shown = page.getElementById(section.id);
  assert.ok(shown !== null);
  assert.equal(allOf(shown, "table").length, 3);
  assert.equal(allOf(shown, "figure").length, 2);
  for (const text of ["Majority <class>", "0.925", "McNemar", "Average precision"])
    assert.ok(shown.textContent.includes(text), text);
  assert.match(shown.textContent, /LoRA: accuracy 0\.925/);
});

test("a section with ranks has a figure of them", () => {
  const points = [1, 8].map((x) => ({ x, accuracy: 0.9, low: 0.8, high: 1, seeds: 3 }));
  const section = experimentSection(results, { reference: "LoRA", ranks: [{ name: "query & value", points }] });
  const page = openPage(reportPage(studyFacts({ ...oldResults(), sections: [section] })));
  const shown = page.getElementById(section.id);
  assert.ok(shown !== null);
  assert.equal(allOf(shown, "figure").length, 3);
  for (const text of ["Accuracy by the adapter's rank", "query & value"])
    assert.ok(shown.textContent.includes(text), text);
});

test("an experiment without folds or curves has no empty table or figure", () => {
  const { content } = experimentSection(
    results.filter(({ part }) => part.kind === "holdout"),
    { reference: "LoRA" },
  );
  assert.deepEqual(
    content.map(({ kind }) => kind),
    ["paragraph", "figure", "table", "table", "list"],
  );
  assert.throws(() => experimentSection(results, { reference: "BERT" }), /reference must be one of Majority/);
});

test("a section is added to the results once, and only to those of its own model and data", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-section-"));
  const before = process.env.TSLORA_OUTPUT;
  process.env.TSLORA_OUTPUT = folder;
  try {
    const section = experimentSection(results, { reference: "LoRA" });
    const { model, dataName } = oldResults();
    assert.match(await addReportSection(section, { model, dataName }), /no report in .* to add this to/);
    await writeResults(oldResults());
    assert.match(await addReportSection(section, { model: "another", dataName }), /was not added/);
    assert.equal((await readResults()).sections, undefined);
    for (const title of ["First", "Second"])
      assert.match(await addReportSection({ ...section, title }, { model, dataName }), /npx tslora report/);
    assert.deepEqual(
      (await readResults()).sections?.map(({ title }) => title),
      ["Second"],
    );
    await assert.rejects(addReportSection({ ...section, id: "No id" }, { model, dataName }), /id/);
  } finally {
    if (before === undefined) delete process.env.TSLORA_OUTPUT;
    else process.env.TSLORA_OUTPUT = before;
    await rm(folder, { recursive: true, force: true });
  }
});
