import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { classificationReport } from "../../src/evaluation/metrics/classification-report";
import { json, makeTinyFolder, type TinyFolder } from "./library-commands";
import { cli, tinyTexts } from "./tiny";

let tiny: TinyFolder;
let folder = "";
let model = "";
let csv = "";
before(async () => {
  tiny = await makeTinyFolder();
  ({ folder, model, csv } = tiny);
});
after(() => rm(folder, { recursive: true, force: true }));

test("evaluate prints scikit-learn's report and further metrics; with --json, the same as JSON", async () => {
  const base = ["evaluate", "--model", model, "--adapter", tiny.adapter, "--data", csv, "--labels", "pos,neg"];
  const doc = json<{
    evaluation: {
      accuracy: number;
      report: string;
      predictions: { yTrue: number; yPred: number; probabilities: number[] }[];
    };
    report: { pos: { support: number } };
    average: { scores: { fscore: number } };
    notices: string[];
  }>(await cli([...base, "--json", "--predictions", "--average", "macro"]));
  const { predictions, report } = doc.evaluation;
  assert.deepEqual(
    predictions.map(({ yTrue }) => yTrue),
    tinyTexts(40).map(({ label }) => (label === "pos" ? 0 : 1)),
    "labels are matched by name, not by order",
  );
  assert.equal(
    report,
    classificationReport(
      predictions.map((one) => one.yTrue),
      predictions.map((one) => one.yPred),
      { labels: [0, 1], targetNames: ["pos", "neg"] },
    ),
  );
  assert.equal(doc.report.pos.support, 20);
  assert.match(doc.notices.join("\n"), /Labels are matched with the model's by name/);
  const text = await cli([...base, "--average", "macro"]);
  assert.ok(text.out.startsWith(report.trimEnd()), text.out);
  assert.match(text.out, new RegExp(`accuracy +${doc.evaluation.accuracy.toFixed(3)} {2}95% interval`));
  assert.match(text.out, new RegExp(`macro average +precision .*F1 ${doc.average.scores.fscore.toFixed(3)}`));
  assert.match(text.out, /true \\ predicted {2}pos {2}neg\n/);
  const output = join(folder, "scores", "evaluation.json");
  const moved = await cli([...base, "--threshold", "0", "--output", output]);
  assert.match(moved.out, /pos +0 +20\n +neg +0 +20\n/);
  assert.equal((JSON.parse(await readFile(output, "utf8")) as { threshold: number }).threshold, 0);
});

test("a notice of evaluate names the flag for a column of repeated IDs", async () => {
  await writeFile(join(folder, "repeated.csv"), "id,text,label\n1,w5,neg\n1,w25,pos\n");
  const printed = await cli([
    "evaluate",
    "--model",
    model,
    "--adapter",
    tiny.adapter,
    "--labels",
    "neg,pos",
    "--data",
    join(folder, "repeated.csv"),
  ]);
  assert.equal(printed.code, 0, printed.err);
  assert.match(printed.err, /The column id repeats values \("1"\).*--id-column id uses it nevertheless\./);
});

test("evaluate refuses labels that are not the model's and options that do not fit", async () => {
  const base = ["evaluate", "--model", model, "--adapter", tiny.adapter];
  for (const [args, expected] of [
    [base, /--data is needed/],
    [
      [...base, "--data", csv],
      /The data's labels are "neg", "pos"; the model's are 0 "NEGATIVE", 1 "POSITIVE"[\s\S]*Give --labels/,
    ],
    [
      [...base, "--data", csv, "--labels", "pos,neg", "--threshold", "1.5", "--predictions"],
      /--threshold must be[\s\S]*--predictions is for --json/,
    ],
    [[...base, "--data", join(folder, "none.csv")], /none\.csv/],
    [
      [...base, "--data", csv, "--labels", "pos,neg,both"],
      /shape of "base_model\.model\.classifier\.weight" must be \[3, 12\]; got \[2, 12\]/,
    ],
  ] as [string[], RegExp][]) {
    const printed = await cli(args);
    assert.equal(printed.code, 2, printed.err);
    assert.match(printed.err, expected);
  }
});
