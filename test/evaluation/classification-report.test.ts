import assert from "node:assert/strict";
import { test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { classificationReport } from "../../src/evaluation/metrics/classification-report";
import { classificationReportDict, type ReportDict } from "../../src/evaluation/metrics/classification-report-dict";
import { formatFixed } from "../../src/evaluation/metrics/format-fixed";
import type { ReportOptions } from "../../src/evaluation/metrics/report-rows";
import { readGolden } from "./golden";

interface ReportCase {
  readonly yTrue: readonly number[] | readonly string[];
  readonly yPred: readonly number[] | readonly string[];
  readonly options: ReportOptions & { readonly digits?: number };
  readonly text: string;
  readonly dict?: ReportDict;
}

const cases = readGolden<ReportCase>("golden-reports.json");

test("400 random reports are scikit-learn's byte for byte", () => {
  cases.forEach(({ yTrue, yPred, options, text }, i) =>
    assert.equal(classificationReport(yTrue, yPred, options), text, `case ${i}`),
  );
});

test("reports as dictionaries are scikit-learn's to the last bit", () => {
  const withDict = cases.filter((c): c is ReportCase & { dict: ReportDict } => c.dict !== undefined);
  assert.ok(withDict.length > 80);
  withDict.forEach(({ yTrue, yPred, options, dict }, i) =>
    assert.deepEqual(classificationReportDict(yTrue, yPred, options), dict, `case ${i}`),
  );
});

test("the study's report before training, from its own confusion matrix", () => {
  const yTrue = [...Array<number>(101).fill(0), ...Array<number>(99).fill(1)];
  const yPred = Array<number>(200).fill(1);
  assert.equal(
    classificationReport(yTrue, yPred, { targetNames: ["NEGATIVE", "POSITIVE"] }),
    [
      "              precision    recall  f1-score   support\n",
      "    NEGATIVE       0.00      0.00      0.00       101",
      "    POSITIVE       0.49      1.00      0.66        99\n",
      "    accuracy                           0.49       200",
      "   macro avg       0.25      0.50      0.33       200",
      "weighted avg       0.25      0.49      0.33       200\n",
    ].join("\n"),
  );
});

test("numbers are written as Python's format writes them, exact ties to even", () => {
  for (const { x, digits, text } of readGolden<{ x: number; digits: number; text: string }>("golden-formats.json"))
    assert.equal(formatFixed(x, digits), text, `${x} with ${digits} digits`);
  assert.equal(formatFixed(0.125, 2), "0.12");
  assert.equal(formatFixed(0.625, 2), "0.62");
});

test("names that do not fit the labels, and bad options, are refused", () => {
  const refused = (call: () => unknown, message: RegExp): void => {
    assert.throws(call, (error) => error instanceof TsloraError && message.test(error.message));
  };
  refused(
    () => classificationReport([0, 1], [0, 1], { targetNames: ["a"] }),
    /name 2 labels \(0, 1\); got 1 names \(a\)/,
  );
  refused(() => classificationReport([0, 1], [0, 1], { digits: 1.5 }), /digits must be a whole number/);
  refused(
    () => classificationReport([0, 1], [0, 1], { zeroDivision: 2 }),
    /zeroDivision must be 0, 1, NaN or "warn"; got 2/,
  );
  refused(() => classificationReport([0, 1], [0, 1], { labels: ["a"] }), /labels must hold numbers/);
  refused(() => classificationReport([0, 1], [0, 1], { labels: [] }), /got none/);
  refused(() => classificationReport([0, 1], [0]), /got 2 and 1/);
  refused(() => classificationReport([], []), /at least one sample/);
  refused(() => classificationReport([0, 0.5], [0, 1]), /0.5 is at index 1/);
  refused(() => classificationReport([0, 1], ["a", "b"]), /numbers or names, not both/);
});
