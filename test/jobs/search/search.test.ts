import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { TsloraError } from "../../../src/base/tslora-error";
import { JournalFile } from "../../../src/jobs/search/journal/journal-file";
import { OPERATION } from "../../../src/jobs/search/journal/operations";
import type { PrunerOptions } from "../../../src/jobs/search/pruner/pruner-options";
import type { SearchOptions } from "../../../src/jobs/search/sweep/search-options";
import { searchSettings } from "../../../src/jobs/search/sweep/search-settings";
import type { SearchEvent, SearchSummary } from "../../../src/jobs/search/sweep/sweep-event";
import type { SearchSpace, Settings } from "../../../src/jobs/search/space/search-space";
import { CurveDriver, Pace, type Checkpoints, type Curve } from "./curve-driver";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-search-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const SPACE: SearchSpace = { x: { type: "float", low: 0, high: 1 }, y: { type: "int", low: 1, high: 9 } };

/** Nine evaluations that rise to the quality of the settings. */
const curve: Curve = ({ x, y }, seed) => {
  const quality = 1 - (Number(x) - 0.4) ** 2 - (Number(y) - 6) ** 2 / 100 + 0.001 * (seed % 3);
  return Array.from({ length: 9 }, (_, i) => quality * (1 - 0.5 ** (i + 1)));
};

function options(name: string, more: Partial<SearchOptions> & Pick<SearchOptions, "driver">): SearchOptions {
  return {
    name,
    journal: join(folder, `${name}.log`),
    space: SPACE,
    sampler: { name: "tpe", nStartupTrials: 5 },
    pruner: { name: "none" },
    metric: "accuracy",
    direction: "maximize",
    seeds: [1],
    seed: 3,
    limits: { trials: 12 },
    workers: 1,
    document: ({ number, settings, seed }) => ({
      format: 1,
      type: "train-trial",
      name: `t${number}-s${seed}`,
      settings,
      seed,
      inputs: [],
    }),
    plan: "plan",
    resume: false,
    ...more,
  };
}

/** Runs a search to its end. */
async function search(options: SearchOptions, pace?: Pace): Promise<{ events: SearchEvent[]; summary: SearchSummary }> {
  const events: SearchEvent[] = [];
  const generator = searchSettings(options);
  for (;;) {
    const next = await generator.next();
    if (next.done === true) return { events, summary: next.value };
    events.push(next.value);
    if (next.value.type === "value") pace?.receive(`t${next.value.number}-s${next.value.seed}`, next.value.step);
  }
}

/** Parts of the journal that an interruption must not change. */
function outcomes({ trials }: SearchSummary): unknown[] {
  return trials.map(({ number, settings, state, value, rungs, intermediate }) => [
    number,
    settings,
    state,
    value,
    rungs,
    intermediate,
  ]);
}

const PRUNERS: readonly PrunerOptions[] = [
  { name: "none" },
  { name: "asha", pruned: "continue" },
  { name: "asha", pruned: "stop" },
];

test("a search with one worker is the same for the same seed, and another for another seed", async () => {
  for (const [i, pruner] of PRUNERS.entries()) {
    const runs: SearchSummary[] = [];
    for (const [k, seed] of [3, 3, 4].entries()) {
      const limits = { trials: 8 };
      const driver = new CurveDriver(curve);
      runs.push((await search(options(`same-${i}-${k}`, { driver, pruner, seed, limits }))).summary);
    }
    assert.deepEqual(outcomes(runs[0]), outcomes(runs[1]));
    assert.notDeepEqual(outcomes(runs[0]), outcomes(runs[2]));
    assert.equal(runs[0].trials.length, 8);
    assert.equal(runs[0].reason, "trials");
  }
});

test("a search that was stopped at any evaluation resumes to what it would have been", async () => {
  for (const [i, pruner] of PRUNERS.entries()) {
    const limits = { trials: 8 };
    const shared = { pruner, seeds: [1, 2], limits };
    const undisturbed = await search(options(`whole-${i}`, { driver: new CurveDriver(curve), ...shared }));
    for (const at of [2, 25]) {
      const name = `stopped-${i}-${at}`;
      const checkpoints: Checkpoints = new Map();
      const stop = new AbortController();
      const first = new CurveDriver(curve, { checkpoints, onEvaluation: (count) => count === at && stop.abort() });
      const { summary } = await search(options(name, { driver: first, signal: stop.signal, ...shared }));
      assert.equal(summary.reason, "stopped");
      const second = new CurveDriver(curve, { checkpoints });
      const resumed = await search(options(name, { driver: second, resume: true, ...shared }));
      assert.deepEqual(outcomes(resumed.summary), outcomes(undisturbed.summary), name);
      const all = [...first.computed, ...second.computed];
      assert.equal(new Set(all).size, all.length, "no evaluation is computed twice");
    }
  }
});

test("a torn last line of a killed process is removed, and the search resumes", async () => {
  const whole = await search(options("untorn", { driver: new CurveDriver(curve) }));
  const lines = (await readFile(join(folder, "untorn.log"), "utf8")).trimEnd().split("\n");
  for (const kept of [30, 60]) {
    const name = `torn-${kept}`;
    const text = lines.slice(0, kept).map((line) => line.replace('"untorn"', `"${name}"`));
    await writeFile(join(folder, `${name}.log`), `${text.join("\n")}\n${lines[kept].slice(0, 20)}`);
    const resumed = await search(options(name, { driver: new CurveDriver(curve), resume: true }));
    assert.deepEqual(outcomes(resumed.summary), outcomes(whole.summary), name);
  }
});

test("a search resumes beside trials of another program: it runs its own alone, and repeats no settings", async () => {
  const shared = { sampler: { name: "random" } } as const;
  await search(options("foreign", { driver: new CurveDriver(curve), limits: { trials: 2 }, ...shared }));
  await new JournalFile(join(folder, "foreign.log")).append(() => [
    { op_code: OPERATION.createTrial, study_id: 0, datetime_start: "2026-01-02T03:04:05.000000" },
  ]);
  const driver = new CurveDriver(curve);
  const { summary } = await search(options("foreign", { driver, resume: true, limits: { trials: 5 }, ...shared }));
  assert.deepEqual(
    summary.trials.map(({ state }) => state),
    ["complete", "complete", "running", "complete", "complete"],
  );
  assert.deepEqual([...new Set(driver.computed.map((key) => key.split("-")[0]))], ["t3", "t4"]);
  assert.equal(new Set(summary.trials.map(({ settings }) => JSON.stringify(settings))).size, 5);
});

test("successive halving finishes the good trials and spends less; paused ones continue from their checkpoint", async () => {
  const plain = new CurveDriver(curve);
  await search(options("plain", { driver: plain, limits: { trials: 18 } }));
  for (const pruned of ["continue", "stop"] as const) {
    const pace = new Pace();
    const driver = new CurveDriver(curve, { pace });
    const pruner = { name: "asha", pruned } as const;
    const { summary, events } = await search(options(pruned, { driver, pruner, limits: { trials: 18 } }), pace);
    assert.ok(driver.computed.length < 0.7 * plain.computed.length, `${driver.computed.length} evaluations`);
    assert.equal(new Set(driver.computed).size, driver.computed.length, "no evaluation is computed twice");
    const complete = summary.trials.filter(({ state }) => state === "complete");
    assert.ok(complete.length >= 1 && complete.length < 15);
    assert.ok(summary.trials.every(({ state }) => state === "complete" || state === "pruned"));
    const best = Math.max(...summary.trials.map(({ settings }) => curve(settings, 1)[8]));
    assert.ok((summary.best?.value ?? 0) >= best - 0.02, "a trial near the best of all settings is finished");
    assert.equal(
      events.some(({ type }) => type === "continued"),
      pruned === "continue",
    );
  }
});

test("a failing trial is recorded, and the others continue", async () => {
  const driver = new CurveDriver((settings, seed) => {
    if (Number(settings.y) > 6) throw new Error("no memory");
    return curve(settings, seed);
  });
  const { summary, events } = await search(options("failing", { driver }));
  const failed = summary.trials.filter(({ state }) => state === "failed");
  assert.ok(failed.length > 0 && failed.length < 12);
  assert.ok(failed.every(({ error }) => error?.includes("no memory") === true));
  assert.equal(events.filter(({ type }) => type === "failed").length, failed.length);
  assert.equal(summary.best?.state, "complete");
});

test("several workers run several trials at once and all are recorded; a trial's value is the mean over seeds", async () => {
  let running = 0;
  let most = 0;
  class Counting extends CurveDriver {
    override async run(...args: Parameters<CurveDriver["run"]>): ReturnType<CurveDriver["run"]> {
      most = Math.max(most, ++running);
      return super.run(...args).finally(() => running--);
    }
  }
  const pace = new Pace();
  const driver = new Counting(curve, { capacity: 4, pace });
  const pruner = { name: "asha" } as const;
  const { summary, events } = await search(options("several", { driver, workers: 4, seeds: [1, 2], pruner }), pace);
  assert.equal(most, 4);
  assert.equal(summary.trials.length, 12);
  for (const { state, settings, value, seedValues } of summary.trials.filter(({ state }) => state === "complete")) {
    assert.equal(state, "complete");
    const wanted = [1, 2].map((seed) => Math.max(...curve(settings, seed)));
    assert.deepEqual(seedValues, wanted);
    assert.equal(value, (wanted[0] + wanted[1]) / 2);
  }
  const values = events.flatMap((event) =>
    event.type === "value" ? [`${event.number} ${event.seed} ${event.step}`] : [],
  );
  assert.ok(values.some((text) => text.split(" ")[1] === "2"));
  assert.equal(new Set(values).size, values.length, "each evaluation is reported once");
});

test("a search that is stopped while an event is handled begins no further job", async () => {
  const stop = new AbortController();
  const driver = new CurveDriver(curve);
  const generator = searchSettings(options("handled", { driver, signal: stop.signal }));
  let begun = 0;
  for (let next = await generator.next(); next.done !== true; next = await generator.next()) {
    if (next.value.type === "trial" && ++begun === 2) stop.abort();
    if (next.value.type === "searched") assert.equal(next.value.reason, "stopped");
  }
  assert.equal(begun, 2);
  assert.deepEqual([...new Set(driver.computed.map((key) => key.split("-")[0]))], ["t0"]);
});

test("limits of time and a grid's end end a search", async () => {
  const timed = await search(
    options("timed", { driver: new CurveDriver(curve), limits: { trials: 5, seconds: 1e-9 } }),
  );
  assert.equal(timed.summary.reason, "time");
  assert.equal(timed.summary.trials.length, 0);
  await search(options("late", { driver: new CurveDriver(curve), limits: { trials: 2 } }));
  const late = options("late", { driver: new CurveDriver(curve), resume: true, limits: { trials: 2, seconds: 1e-9 } });
  assert.equal((await search(late)).summary.reason, "trials", "nothing was left when the time was over");
  const space: SearchSpace = {
    x: { type: "categorical", choices: ["0.1", "0.4"] },
    y: { type: "int", low: 5, high: 7 },
  };
  const grid = await search(
    options("grid", { driver: new CurveDriver(curve), space, sampler: { name: "grid" }, limits: {} }),
  );
  assert.equal(grid.summary.reason, "grid");
  assert.equal(grid.summary.trials.length, 6);
  assert.deepEqual(grid.summary.best?.settings, { x: "0.4", y: 6 });
});

test("a second search of a name, a resume of another one and a resume of none are refused", async () => {
  const driver = new CurveDriver(curve);
  await search(options("taken", { driver, limits: { trials: 2 } }));
  const codeOf = async (more: Partial<SearchOptions>): Promise<string> => {
    const error: unknown = await search(options("taken", { driver, ...more })).catch((caught: unknown) => caught);
    assert.ok(error instanceof TsloraError);
    return error.code;
  };
  assert.equal(await codeOf({}), "in-use");
  assert.equal(await codeOf({ resume: true, plan: "another" }), "bad-option");
  assert.equal(await codeOf({ resume: true, journal: join(folder, "none.log") }), "not-found");
  const more = await search(options("taken", { driver, resume: true, limits: { trials: 4 } }));
  assert.equal(more.summary.trials.length, 4, "limits may change");
});

test("an engine that fails ends the search with its error, and stops the other jobs", async () => {
  const settings: Settings[] = [];
  class Broken extends CurveDriver {
    override async run(...[document, more]: Parameters<CurveDriver["run"]>): ReturnType<CurveDriver["run"]> {
      settings.push(document.settings as Settings);
      if (settings.length === 2) throw new Error("the engine is gone");
      return super.run(document, more);
    }
  }
  await assert.rejects(search(options("broken", { driver: new Broken(curve), workers: 2 })), /the engine is gone/);
});
