import assert from "node:assert/strict";
import { test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import {
  parallelCoordinatesFigure,
  renderSvg,
  searchHistoryFigure,
  settingImportanceFigure,
  sweepProgress,
  tableText,
  trialCurvesFigure,
  trialsTable,
  type TrialLike,
} from "../../src/figures";

const METRIC = { metric: "f1", direction: "maximize" } as const;

/** Trials of which each third is pruned. */
const trials: TrialLike[] = Array.from({ length: 12 }, (_, number) => {
  const pruned = number % 3 === 2;
  const value = 0.6 + 0.03 * ((number * 5) % 12);
  return {
    number,
    settings: {
      learningRate: 1e-4 * 2 ** (number % 8),
      r: 1 + (number % 5),
      targetModules: number % 2 === 0 ? "auto" : ["query", "value"],
      ...(number % 2 === 0 ? { w: number / 12 } : {}),
    },
    state: pruned ? "pruned" : "complete",
    ...(pruned ? {} : { value }),
    intermediate: Array.from({ length: pruned ? 1 : 4 }, (_step, i) => ({
      step: 5 * (i + 1),
      value: value - 0.1 / (i + 1),
    })),
  };
});

test("a sweep's table lists complete trials by value, then pruned ones", () => {
  const { rows, note, columns } = trialsTable(trials, { ...METRIC, maxRows: 9 });
  assert.deepEqual(
    columns.map(({ name }) => name),
    ["Trial", "State", "f1", "learningRate", "r", "targetModules", "w"],
  );
  const cells = rows.map((row) => (row.kind === "cells" ? row.cells.map(String) : []));
  assert.deepEqual(
    cells.map((row) => row[1]),
    [...new Array<string>(8).fill("complete"), "pruned"],
  );
  const values = cells.slice(0, 8).map((row) => Number(row[2]));
  assert.deepEqual(
    values,
    [...values].sort((a, b) => b - a),
  );
  assert.equal(note, "3 more trials are not shown.");
  assert.match(tableText(trialsTable(trials, METRIC)), /query, value/);
});

test("parallel coordinates have an axis for each setting and one for the value, and a gap where none applies", () => {
  const { data, layout, text } = parallelCoordinatesFigure(trials, METRIC);
  assert.equal(data.length, trials.length);
  const { ticktext } = layout.xaxis as { ticktext: string[] };
  assert.deepEqual(ticktext, ["learningRate", "r", "targetModules", "w", "f1"]);
  for (const trace of data) {
    const y = trace.y as (number | null)[];
    assert.equal(y.length, 5);
    assert.ok(y.every((value) => value === null || (value >= 0 && value <= 1)));
    const number = Number(String(trace.name).replace("trial ", ""));
    assert.equal(y[3] === null, number % 2 === 1);
  }
  assert.match(text, /trial 7: f1 0\.930, complete/);
  assert.match(renderSvg(parallelCoordinatesFigure(trials, METRIC)), /^<svg/);
});

test("an axis of which no shown trial has a value has no marks", () => {
  const running: TrialLike = { number: 12, settings: { alpha: 16 }, state: "running", intermediate: [] };
  const marksOf = (shown: readonly TrialLike[]): string[] =>
    (parallelCoordinatesFigure(shown, METRIC).layout.annotations as { text: string }[]).map(({ text }) => text);
  assert.deepEqual(marksOf([running]), []);
  const added = parallelCoordinatesFigure([...trials, running], METRIC);
  assert.ok((added.layout.xaxis as { ticktext: string[] }).ticktext.includes("alpha"));
  assert.deepEqual(marksOf([...trials, running]), marksOf(trials));
  assert.match(renderSvg(added), /^<svg/);
});

test("learning curves mark the best trial; the history has the best so far", () => {
  const curves = trialCurvesFigure(trials, METRIC);
  assert.equal(curves.data.length, 12);
  assert.equal(curves.data.at(-1)?.name, "trial 7, the best");
  const worst = trialCurvesFigure(trials, { ...METRIC, direction: "minimize" });
  assert.equal(worst.data.at(-1)?.name, "trial 0, the best");
  const history = searchHistoryFigure(trials, METRIC);
  const best = history.data[2].y as number[];
  assert.deepEqual(
    best,
    [...best].sort((a, b) => a - b),
  );
});

test("importances are sorted bars; wrong input is refused", () => {
  const { text } = settingImportanceFigure([
    { name: "r", share: 0.25 },
    { name: "learningRate", share: 0.75 },
  ]);
  assert.match(text, /learningRate: 75%\n {2}r: 25%/);
  for (const make of [
    () => settingImportanceFigure([]),
    () => settingImportanceFigure([{ name: "r", share: NaN }]),
    () => parallelCoordinatesFigure([], METRIC),
    () => trialCurvesFigure([], METRIC),
    () => searchHistoryFigure([], METRIC),
  ])
    assert.throws(make, (error) => error instanceof TsloraError && error.code === "bad-input");
});

test("progress in a log: a line for each complete trial, and the history at the end", async () => {
  const printed: string[] = [];
  const output = { kind: "text", terminal: false, write: (text: string) => void printed.push(text) } as const;
  async function* events(): AsyncGenerator<Parameters<ReturnType<typeof sweepProgress>["show"]>[0], string, void> {
    await Promise.resolve();
    yield { type: "start", ...METRIC, trials: 2 };
    yield { type: "trial", number: 0, settings: { r: 4 } };
    yield { type: "value", number: 0, step: 5, value: 0.5 };
    yield { type: "complete", number: 0, value: 0.75, best: true };
    yield { type: "trial", number: 1, settings: { r: 8 } };
    yield { type: "failed", number: 1, error: "no memory", retries: false };
    yield { type: "finished" };
    return "done";
  }
  assert.equal(await sweepProgress({ output }).follow(events()), "done");
  assert.deepEqual(printed.slice(0, 2), ["trial 0: f1 0.750, the best so far\n", "trial 1 failed: no memory\n"]);
  assert.match(printed[2], /trial 0: 0\.750/);
});
