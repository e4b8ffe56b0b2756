import assert from "node:assert/strict";
import { test } from "node:test";

import { banner } from "../../src/figures/banner";
import { PlotlyOnce } from "../../src/figures/plotly/plotly-once";
import { figure } from "../../src/figures/plots/figure";
import { histogram } from "../../src/figures/plots/histogram";
import { keyValueTable } from "../../src/figures/tables/key-value-table";
import { kernelDisplay } from "../../src/figures/kernel-display";
import { liveFigure } from "../../src/figures/progress/live-figure";
import { show } from "../../src/figures/show";
import { trainingProgress } from "../../src/figures/progress/training-progress";
import type { TrainingEventLike } from "../../src/figures/progress/training-event";
import { trainingEvents } from "./events";
import { notebookOutput, textOutput } from "./notebook-output";

const lengths = histogram([1, 2, 2, 3], { title: "Lengths", xLabel: "Tokens" });
const others = histogram([5, 6], { title: "Others", xLabel: "Tokens" });
const CARRIED = 500_000; // characters of the packed plotly.js at least

test("the figures of a notebook contain plotly.js once, each is followed by its static picture, and all are below 2 MB", () => {
  const { output, places } = notebookOutput();
  for (let i = 0; i < 10; i++) show(i % 2 === 0 ? lengths : others, { output });
  assert.deepEqual(
    places.map((place) => place.mime),
    Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? "text/html" : "image/svg+xml")),
  );
  assert.equal(places.filter((place) => place.text.length > CARRIED).length, 1);
  assert.ok(places[0].text.length > CARRIED);
  assert.ok(places.reduce((sum, place) => sum + place.text.length, 0) < 2_000_000);

  const rerun = notebookOutput(); // the first cell runs again: its old output, the copy in it, is gone
  show(others, rerun);
  show(lengths, rerun);
  show(lengths, rerun);
  assert.deepEqual(
    rerun.places.filter((place) => place.mime === "text/html").map((place) => place.text.length > CARRIED),
    [false, true, false],
  );
});

test("a trace that plotly's small build lacks needs the full one, which is also contained once", () => {
  const carrier = new PlotlyOnce();
  const run = {};
  const sankey = figure({ data: [{ type: "sankey" }], layout: {} });
  assert.deepEqual(
    [lengths, sankey, others, sankey].map((shown) => carrier.carries(shown, run)),
    [true, true, false, false],
  );
});

test("a figure without a static picture has a note in its place", () => {
  const { output, places } = notebookOutput();
  show(lengths, { output });
  show(figure({ data: [{ type: "scatter3d", x: [1], y: [1], z: [1] }], layout: {} }), { output });
  assert.equal(places[3].mime, "text/markdown");
  assert.match(places[3].text, /scatter3d/);
});

test("tables, banners, Markdown, strings and data frames go where they belong", () => {
  const { output, places } = notebookOutput();
  const text = textOutput();
  for (const to of [output, text.output]) {
    show(keyValueTable({ a: 1 }), { output: to });
    show(banner("b", { title: "t" }), { output: to });
    show("**c**", { output: to });
    show({ columns: ["d"], values: [[1]] }, { output: to });
    show(lengths, { output: to });
  }
  assert.deepEqual(
    places.map((place) => place.mime),
    ["text/html", "text/html", "text/markdown", "text/html", "text/html", "image/svg+xml"],
  );
  assert.deepEqual(text.lines(), [
    "a  1",
    "▌ WARNING: t",
    "▌ b",
    "**c**",
    "   d",
    "─  ─",
    "0  1",
    "1 row × 1 column",
    "Lengths",
    "  4, median 2",
    "  Tokens: 1 to 3",
  ]);
});

test("a plain plotly figure is shown, and other objects are refused", () => {
  const text = textOutput();
  show({ data: [{ type: "bar", y: [1], name: "bars" }], layout: { title: "Plain" } }, text);
  assert.deepEqual(text.lines(), ["Plain", "  bars (bar)"]);
  for (const other of [undefined, null, 5, {}])
    assert.throws(() => show(other as string, text), /must be a figure, a table/);
});

test("a process that is not a kernel has no display function", () => {
  assert.equal(kernelDisplay(), undefined);
});

test("a live figure is drawn at most at its rate, and requests its data only then", () => {
  const { output, places } = notebookOutput();
  let clock = 0;
  let made = 0;
  const live = liveFigure({ output, everySeconds: 2, now: () => clock });
  for (clock = 0; clock < 10_000; clock += 100) live.update(() => (made++, lengths));
  assert.equal(made, 5);
  assert.equal(places[1].writes, 5);
  assert.ok(
    places.every((place) => place.text.length < 30_000),
    "no plotly.js while it is live",
  );
  live.finish(others);
  assert.deepEqual(
    places.map((place) => place.mime),
    ["text/html", "image/svg+xml"],
  );
  assert.match(places[0].text, /Others/);
  assert.match(places[1].text, /Others/);
});

test("slow drawing happens less often: at most one twentieth of the time", () => {
  const { output, places } = notebookOutput();
  let clock = 0;
  const live = liveFigure({ output, everySeconds: 2, now: () => clock });
  const slow = (): typeof lengths => ((clock += 1000), lengths);
  const drawnAt: number[] = [];
  for (let i = 0; i < 1000; i++, clock += 100) {
    const before = places[1]?.writes ?? 0;
    const at = clock;
    live.update(slow);
    if (places[1].writes > before) drawnAt.push(at);
  }
  for (let i = 2; i < drawnAt.length; i++) assert.ok(drawnAt[i] - drawnAt[i - 1] >= 21_000);
  assert.ok(drawnAt.length >= 3);
});

test("progress in a notebook updates three outputs, and leaves none that is out of date", () => {
  const { output, places } = notebookOutput();
  let clock = 0;
  const progress = trainingProgress({ output, now: () => clock, learningRate: true });
  const events = trainingEvents(60);
  for (const event of events.slice(0, -1)) {
    clock += event.type === "step" ? 500 : 0;
    progress.show(event);
  }
  assert.equal(places.length, 3);
  assert.match(places[0].text, /<progress max="1" value="1\.0000"/);
  assert.match(places[0].text, /step 60 of 60 · epoch 1\.00 · 30 s elapsed/);
  assert.ok(places[2].writes >= 10 && places[2].writes <= 16, String(places[2].writes));
  progress.show(events[events.length - 1]);
  assert.equal(places.length, 3);
  assert.doesNotMatch(places[0].text, /<progress|remaining/);
  assert.match(places[0].text, /Training finished: step 60 of 60 · 1 min 02 s/);
  assert.match(
    places[0].text,
    /1,235 tokens\/s[^]*validation at step 60: loss 0\.010, accuracy 0\.992 · best: accuracy 0\.983 at step 30/,
  );
  assert.match(places[1].text, /Learning rate/);
  assert.match(places[2].text, /Learning rate/);
});

test("progress in a log: a line from time to time, one for each evaluation, one at the end", () => {
  const text = textOutput();
  let clock = 0;
  const progress = trainingProgress({ output: text.output, now: () => clock, lineEverySeconds: 10 });
  for (const event of trainingEvents(60)) {
    clock += event.type === "step" ? 1000 : 0;
    progress.show(event);
  }
  const lines = text.lines();
  assert.equal(lines.filter((line) => line.startsWith("Training: ")).length, 7);
  assert.equal(lines.filter((line) => line.startsWith("validation at step ")).length, 6);
  assert.match(
    lines[1],
    /^Training: step 10 of 60 · epoch 0\.17 · 10 s elapsed · 50 s remaining · loss 0\.070 · learning rate 8\.33e-4 · 1,235 tokens\/s$/,
  );
  assert.match(lines[lines.length - 1], /^Training finished/);
});

test("one progress object shows a second run from its beginning", () => {
  const { output, places } = notebookOutput();
  const progress = trainingProgress({ output, now: () => 0 });
  for (const event of [...trainingEvents(10), ...trainingEvents(20)]) progress.show(event);
  assert.equal(places.length, 6);
  assert.match(places[3].text, /step 20 of 20/);
  assert.doesNotMatch(places[4].text, /"x":\[1,2,3,4,5,6,7,8,9,10\]/);
});

test("progress shows warnings at once and as text, the reason for an early end, and a resumed run from its step", () => {
  const [start, ...rest] = trainingEvents(10);
  const events: TrainingEventLike[] = [
    start,
    { type: "resume", step: 4 },
    { type: "warning", message: "<b>collapsed</b> to one class" },
    ...rest.filter((event) => event.type === "step" && event.step > 4),
    { type: "early-stopping", message: "accuracy did not improve" },
    { type: "end", steps: 10, elapsedSeconds: 3, stopped: false, reason: "early-stopping" },
  ];
  const text = textOutput();
  const log = trainingProgress({ output: text.output, now: () => 0 });
  for (const event of events) log.show(event);
  assert.deepEqual(text.lines().slice(1), [
    "Warning: <b>collapsed</b> to one class",
    "accuracy did not improve",
    "Training ended early: step 10 of 10 · 3.0 s",
  ]);
  const { output, places } = notebookOutput();
  const progress = trainingProgress({ output, now: () => 0 });
  for (const event of events) progress.show(event);
  assert.match(places[0].text, /Warning: &#60;b&#62;collapsed/);
});
