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

test("evaluate --training-data compares the texts with the training data, and warns if they are unlike", async () => {
  const row = (text: string, i: number): string => `${i},${text},${i % 2 === 0 ? "pos" : "neg"}`;
  const write = async (name: string, texts: readonly string[]): Promise<string> => {
    await writeFile(join(folder, name), ["id,text,label", ...texts.map(row)].join("\n"));
    return join(folder, name);
  };
  const known = Array.from({ length: 80 }, (_, i) => `w${5 + (i % 3)} w${5 + ((i + 1) % 4)}`);
  const [training, same, other] = [
    await write("training.csv", known),
    await write("same.csv", known.slice(0, 40)),
    await write(
      "other.csv",
      Array.from({ length: 20 }, (_, i) => `w2${i % 10} w3${i % 7} w2${(3 * i) % 10} w30 w31`),
    ),
  ];
  const base = ["evaluate", "--model", model, "--adapter", tiny.adapter, "--labels", "neg,pos"];
  interface Compared {
    readonly trainingComparison: {
      readonly distance: string;
      readonly isShifted: boolean;
      readonly unlike: { readonly count: number };
      readonly unlikeTexts: readonly { readonly ID: string }[];
    };
  }
  const near = json<Compared>(await cli([...base, "--data", same, "--training-data", training, "--json"]));
  assert.equal(near.trainingComparison.isShifted, false);
  for (const distance of ["mahalanobis", "nearest-neighbors"]) {
    const args = [...base, "--data", other, "--training-data", training, "--distance", distance];
    const far = await cli([...args, "--json"]);
    const { trainingComparison } = json<Compared>(far);
    assert.equal(trainingComparison.distance, distance);
    assert.equal(trainingComparison.unlikeTexts.length, trainingComparison.unlike.count);
    if (distance !== "mahalanobis") continue; // these few texts are far by one of the distances alone
    assert.ok(trainingComparison.isShifted);
    const printed = await cli(args, { columns: 80 });
    assert.match(
      printed.err.replace(/\s+/g, " "),
      /Warning: \d+ of 20 texts .* are unlike the training data, where 5\.0% are expected \(p < 0\.001\)\./,
    );
    assert.match(printed.out.replace(/\s+/g, " "), /AUROC against those [01]\.\d{3}, where 0\.5 is chance/);
    for (const line of printed.out.split("\n")) assert.ok(line.length <= 80, line);
  }
  const few = await cli([...base, "--data", same, "--training-data", other]);
  assert.equal(few.code, 2);
  assert.match(few.err, /--training-data must have 50 texts or more; got 20/);
  const alone = await cli([...base, "--data", same, "--distance", "mahalanobis"]);
  assert.equal(alone.code, 2);
  assert.match(alone.err, /--distance is for --training-data; got mahalanobis/);
});
