import assert from "node:assert/strict";
import { test } from "node:test";

import { audit } from "../../src/audit/audit";
import type { AuditOptions, AuditProgress } from "../../src/audit/audit-options";
import { auditCsv, auditJson } from "../../src/audit/export-issues";
import { withoutIssues } from "../../src/audit/without-issues";
import { findLabelIssues } from "../../src/audit/labels/find-label-issues";
import { TsloraError } from "../../src/base/tslora-error";
import { groupKFold } from "../../src/corpus/split/group-splits";
import { toFrame } from "../../src/corpus/to-frame";
import { auditTable } from "../../src/figures/tables/audit-table";
import { tableText } from "../../src/figures/tables/table-text";
import { flippedTexts } from "./flipped-texts";

const names = ["control", "tumour"];

test("flipped labels are found with the baseline's probabilities out of folds, as cleanlab's rule finds them", async () => {
  const { frame, labels, flipped } = flippedTexts(240);
  const steps: number[] = [];
  const result = await audit(frame, {
    labels: names,
    checks: ["labels"],
    onProgress: ({ check, done, total }) => void (check === "labels" && total === 5 && steps.push(done)),
  });
  assert.deepEqual(steps, [1, 2, 3, 4, 5]);
  assert.deepEqual(
    result.issues.map(({ row }) => row),
    findLabelIssues(labels, result.probabilities ?? []),
  );
  const found = new Set(result.issues.map(({ row }) => row));
  assert.ok(flipped.filter((row) => found.has(row)).length >= 0.9 * flipped.length);
  const [first] = result.issues;
  assert.equal(first.reason, "label-issue");
  assert.equal(first.label, names[labels[first.row]]);
  assert.equal(first.suggested, names[1 - labels[first.row]]);
  assert.match(result.summary.probabilities, /out of 5 stratified folds/);
});

const long = Array.from({ length: 40 }, (_, i) => `word${i}`).join(" ");
const parts = {
  train: toFrame([
    { texts: long, ID: "1", label: 0 },
    { texts: long.toUpperCase(), ID: "2", label: 1 },
    { texts: "A tumour marker was measured in twelve patients of the second group", ID: "3", label: 1 },
    { texts: "...", ID: "4", label: 0 },
    { texts: "Results of treatment \ufffd in twelve patients of the first group", ID: "5", label: 0 },
  ]),
  test: toFrame([
    { texts: `${long} and more`, ID: "6", label: 0 },
    { texts: "Ответ на лечение был измерен у двенадцати пациентов первой группы", ID: "7", label: 0 },
    { texts: "The answer\u0007 is 17 patients of another group, who were not seen again", ID: "8", label: 1 },
  ]),
};

test("one audit finds duplicates, contradictory labels, odd texts and names of labels in texts", async () => {
  const { issues, groups, summary, frame } = await audit(parts, { labels: names, checks: ["duplicates", "texts"] });
  assert.deepEqual(
    issues.map(({ ID, part, reason, severity, other }) => [ID, part, reason, severity, other]),
    [
      ["2", "train", "duplicate-other-label", "high", "1"],
      ["2", "train", "duplicate", "medium", "1"],
      ["3", "train", "contains-label", "medium", undefined],
      ["4", "train", "empty-text", "high", undefined],
      ["5", "train", "damaged-encoding", "medium", undefined],
      ["6", "test", "duplicate-across-parts", "high", "1"],
      ["6", "test", "near-duplicate", "medium", "1"],
      ["7", "test", "other-script", "medium", undefined],
      ["8", "test", "control-characters", "medium", undefined],
    ],
  );
  assert.deepEqual(groups, [0, 0, 1, 2, 3, 0, 4, 5]);
  assert.deepEqual([summary.texts, summary.textsWithIssues, summary.groups], [8, 7, 1]);
  assert.deepEqual(summary.parts, { train: 5, test: 3 });
  assert.deepEqual(
    summary.classes.map(({ name, count }) => [name, count]),
    [
      ["control", 5],
      ["tumour", 3],
    ],
  );
  assert.deepEqual(frame.shape, [9, 10]);
  assert.match(tableText(auditTable(summary)), /duplicate-across-parts +high +1 +12\.5%/);
  for (const { evidence } of issues) assert.ok(!evidence.includes("word3"));
});

test("nothing is removed unless a reason is named; the first of duplicates stays", async () => {
  const result = await audit(parts, { checks: ["duplicates", "texts"] });
  const kept = withoutIssues(parts.train, result, { reasons: ["duplicate", "empty-text"], part: "train" });
  assert.deepEqual(kept.column("ID").values, ["1", "3", "5"]);
  assert.deepEqual(kept.index, [0, 2, 4]);
  assert.equal(parts.train.shape[0], 5);
  assert.equal(withoutIssues(parts.test, result, { reasons: ["duplicate"], part: "test" }).shape[0], 3);
  const refused = (call: () => unknown, part: RegExp): void =>
    assert.throws(call, (error) => error instanceof TsloraError && part.test(error.message));
  refused(() => withoutIssues(parts.train, result, { reasons: [], part: "train" }), /reasons must name a reason/);
  refused(() => withoutIssues(parts.train, result, { reasons: ["duplicate"] }), /part must be one of train, test/);
});

test("groups keep similar texts and a column's values together in the folds", async () => {
  const frame = toFrame(
    [...Array(6).keys()].map((row) => ({ texts: row < 2 ? long : `text ${row}`, ID: String(row), label: 0 })),
  );
  frame.addColumn("author", ["a", "b", "b", "c", "d", "d"], { inplace: true });
  const { groups } = await audit(frame, { checks: ["duplicates"], groupColumn: "author" });
  assert.deepEqual(groups, [0, 0, 0, 1, 2, 2]);
  for (const [train, tested] of groupKFold(frame, { groups, nSplits: 3 })) {
    const of = (part: typeof frame): number[] => (part.index as number[]).map((row) => groups[row]);
    assert.ok(of(tested).every((group) => !of(train).includes(group)));
  }
  const { issues } = await audit(
    { train: frame.iloc({ rows: [0, 1, 2] }), test: frame.iloc({ rows: [3, 4, 5] }) },
    { checks: ["duplicates"], groupColumn: "label" },
  );
  assert.deepEqual(
    issues.filter(({ reason }) => reason === "group-across-parts").map(({ ID }) => ID),
    ["3", "4", "5"],
  );
});

test("a text of a later part that is like one of an earlier part is listed, also if it is like its own part's texts", async () => {
  const word = (at: number, edit: number): string => (at === edit ? "edited" : `word${at}`);
  const variants = [7, 18, 29, 40].map((edit) => Array.from({ length: 60 }, (_, at) => word(at, edit)).join(" "));
  let listed = 0;
  for (let round = 0; round < 20; round++) {
    const [first, ...others] = variants.map((text, i) => ({
      texts: text.replaceAll("word", `w${round}x`),
      ID: String(i),
      label: 0,
    }));
    const { issues, groups } = await audit(
      { train: toFrame([first]), test: toFrame(others) },
      { checks: ["duplicates"] },
    );
    const across = issues.filter(({ reason }) => reason === "duplicate-across-parts").map(({ row }) => row);
    assert.deepEqual(
      across,
      groups.flatMap((group, row) => (row > 0 && group === 0 ? [row] : [])),
    );
    listed += across.length;
  }
  assert.ok(listed > 0);
});

test("an audit of many texts with issues ends, and a row without a group is refused", async () => {
  const rows = Array.from({ length: 150_000 }, (_, row) => ({ texts: "...", ID: String(row), label: 0 }));
  const { summary } = await audit(toFrame(rows), { checks: ["texts"] });
  assert.equal(summary.textsWithIssues, rows.length);
  for (const missing of [NaN, " "]) {
    const frame = toFrame(rows.slice(0, 3));
    frame.addColumn("author", ["a", missing, missing], { inplace: true });
    await assert.rejects(audit(frame, { checks: ["texts"], groupColumn: "author" }), {
      code: "bad-input",
      message: /the column author of groupColumn must have a value in each row; got (NaN|" ") in row 1/,
    });
  }
});

test("data without issues give an empty table; CSV and JSON contain no texts", async () => {
  const clean = await audit(parts.test.iloc({ rows: [0] }), { checks: ["texts"] });
  assert.deepEqual([clean.issues.length, clean.frame.shape[0]], [0, 0]);
  const result = await audit(parts, { labels: ["control", 'a "tumour", here'], checks: ["duplicates"] });
  const [head, first] = auditCsv(result).split("\r\n");
  assert.equal(head, "ID,part,row,reason,severity,score,label,suggested,other,evidence");
  assert.equal(
    first,
    '2,train,1,duplicate-other-label,high,1,"a ""tumour"", here",,1,Jaccard 1.000; the other\'s label is control',
  );
  const { issues } = JSON.parse(auditJson(result)) as { issues: { ID: string }[] };
  assert.equal(issues.length, result.issues.length);
  assert.ok(!auditJson(result).includes("word3"));
});

test("embeddings that are nearly equal are listed and kept together", async () => {
  const at = (angle: number): number[] => [Math.cos(angle), Math.sin(angle), 5];
  const angles = [0, 0.05, 1.6, 3.1, 3.12, 4.7];
  const frame = toFrame(angles.map((_, row) => ({ texts: `text ${row}`, ID: String(row), label: 0 })));
  const { issues, groups } = await audit(frame, { checks: ["texts"], embeddings: angles.map(at) });
  assert.deepEqual(
    issues.map(({ ID, reason, other }) => [ID, reason, other]),
    [
      ["1", "similar-embedding", "0"],
      ["4", "similar-embedding", "3"],
    ],
  );
  assert.deepEqual(groups, [0, 0, 1, 2, 2, 3]);
});

test("all invalid options are in one error, before any check", async () => {
  const seen: string[] = [];
  const onProgress = ({ check }: AuditProgress): void => void seen.push(check);
  const options: AuditOptions = {
    checks: ["labels", "duplicates", "spelling" as "texts"],
    labels: ["one"],
    folds: { nSplits: 1, randomState: -1 },
    labelIssues: {
      filterBy: "all" as "both",
      returnIndicesRankedBy: "luck" as "self_confidence",
      minExamplesPerClass: -1,
      fracNoise: 2,
    },
    duplicates: { threshold: 1, shingleSize: 0, numPerm: 1, seed: -1 },
    similarEmbeddings: { threshold: 0, seed: 0.5 },
    oddTexts: { minWords: NaN, maxWords: -1 },
    embeddings: [[1]],
    onProgress,
  };
  await assert.rejects(audit(parts, options), (error: TsloraError) => {
    assert.equal(error.code, "bad-option");
    const { problems } = error.details as { problems: string[] };
    assert.deepEqual(
      problems.map((problem) => problem.split(" ", 1)[0]),
      [
        "labels",
        "checks",
        "embeddings",
        ...["threshold", "shingleSize", "numPerm", "seed"].map((name) => `duplicates.${name}`),
        ...["threshold", "seed"].map((name) => `similarEmbeddings.${name}`),
        ...["returnIndicesRankedBy", "filterBy", "minExamplesPerClass", "fracNoise"].map(
          (name) => `labelIssues.${name}`,
        ),
        ...["minWords", "maxWords"].map((name) => `oddTexts.${name}`),
        ...["nSplits", "randomState"].map((name) => `folds.${name}`),
      ],
    );
    return true;
  });
  const refused = (more: AuditOptions, code: string, message: RegExp): Promise<void> =>
    assert.rejects(audit(parts, { onProgress, ...more }), { code, message });
  const rows = (row: number[]): number[][] => Array.from({ length: 8 }, () => row);
  await refused({ folds: { nSplits: 6 } }, "bad-option", /nSplits must be at most the texts of the largest class, 5/);
  await refused({ probabilities: rows([0.5, 0.3, 0.2]) }, "bad-option", /a column for each of 2 named classes; got 3/);
  await refused({ labels: ["a", "b", "c"], probabilities: rows([0.5, 0.5]) }, "bad-option", /of 3 named .* got 2/);
  await refused({ probabilities: rows([NaN, 1]) }, "bad-input", /row 0: there must be 2 probabilities from 0 to 1/);
  await refused({ embeddings: rows([1, NaN]) }, "bad-input", /each embedding must be 2 finite numbers/);
  await refused({ labels: ["a", "b", "c"] }, "bad-input", /two texts or more of each class; c has fewer/);
  assert.deepEqual(seen, []);
});

test("options of folds that no check needs are not compared with the data", async () => {
  const { issues } = await audit(parts.test.iloc({ rows: [0] }), { checks: ["texts"], folds: { nSplits: 50 } });
  assert.deepEqual(issues, []);
});

test("invalid options and data are refused, and an audit can be stopped", async () => {
  const refused = (work: Promise<unknown>, part: RegExp): Promise<void> =>
    assert.rejects(work, (error) => error instanceof TsloraError && part.test(error.message));
  await refused(
    audit(parts, { checks: ["spelling" as "texts"] }),
    /checks must be of labels, duplicates, texts; got spelling/,
  );
  await refused(audit(parts, { checks: [] }), /checks must name a check/);
  await refused(audit(parts, { labels: ["one"] }), /labels must name each of 2 classes; got 1/);
  await refused(audit(parts, { probabilities: [[1, 0]] }), /probabilities must have a row for each of 8 texts; got 1/);
  await refused(audit(parts, { groupColumn: "author" }), /the column author of groupColumn/);
  await refused(
    audit(parts.train.iloc({ rows: [0, 2] }), { labels: names, checks: ["labels"] }),
    /two texts or more of each class; control, tumour has fewer/,
  );
  const controller = new AbortController();
  controller.abort(new Error("enough"));
  await assert.rejects(audit(parts, { checks: ["duplicates"], signal: controller.signal }), /enough/);
});
