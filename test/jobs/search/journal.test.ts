import assert from "node:assert/strict";
import { appendFile, mkdtemp, open, readFile, rm, symlink, writeFile, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { JournalFile } from "../../../src/jobs/search/journal/journal-file";
import { withJournalLock } from "../../../src/jobs/search/journal/journal-lock";
import { journalText, OPERATION, PythonFloat, type Operation } from "../../../src/jobs/search/journal/operations";
import { SweepJournal } from "../../../src/jobs/search/journal/sweep-journal";
import type { SearchSpace } from "../../../src/jobs/search/space/search-space";
import { python, WITHOUT_PYTHON } from "./optuna-python";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-journal-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const SPACE: SearchSpace = {
  learningRate: { type: "float", low: 1e-4, high: 1, log: true },
  loraDropout: { type: "float", low: 0, high: 0.3, step: 0.1 },
  r: { type: "int", low: 2, high: 16, step: 2 },
  n: { type: "int", low: 1, high: 64, log: true },
  targetModules: { type: "categorical", choices: ["auto", ["query", "value"]] },
  useDora: { type: "categorical", choices: [true, false] },
  w: { type: "float", low: 0, high: 1, when: { targetModules: "auto" } },
};

const SETTINGS = [
  { learningRate: 1, loraDropout: 0.1, r: 4, n: 8, targetModules: "auto", useDora: true, w: 0.25 },
  { learningRate: 0.001, loraDropout: 0, r: 16, n: 64, targetModules: ["query", "value"], useDora: false },
] as const;

const sampler = { random: 7, model: 0 };

async function written(name: string): Promise<SweepJournal> {
  const options = { name, direction: "maximize", space: SPACE, metric: "f1", plan: "{}", resume: false } as const;
  const journal = await SweepJournal.open(join(folder, `${name}.log`), options);
  const complete = await journal.addTrial(SETTINGS[0], { sampler, seeds: [1, 2] });
  await journal.addValue(complete, { step: 5, value: 0.5 }, { rung: 0, paused: true });
  await journal.continueTrial(complete);
  await journal.addValue(complete, { step: 10, value: 1 });
  await journal.endTrial(complete, { state: "complete", value: 1, seedValues: [1, 1] });
  const pruned = await journal.addTrial(SETTINGS[1], { sampler, seeds: [1, 2] });
  await journal.addValue(pruned, { step: 5, value: 0.25 });
  await journal.endTrial(pruned, { state: "pruned" });
  const failed = await journal.addTrial(SETTINGS[0], { sampler, seeds: [1, 2] });
  await journal.endTrial(failed, { state: "failed", error: "no “memory”\nleft" });
  await journal.addTrial(SETTINGS[1], { sampler, seeds: [1, 2] });
  return journal;
}

test("a journal that is read again has the trials that were written", async () => {
  const journal = await written("again");
  const again = await SweepJournal.open(journal.path, {
    name: "again",
    direction: "maximize",
    space: SPACE,
    metric: "f1",
    plan: "{}",
    resume: true,
  });
  assert.deepEqual(again.trials(), journal.trials());
  const [complete, pruned, failed, running] = again.trials();
  assert.deepEqual(complete.settings, SETTINGS[0]);
  assert.deepEqual(pruned.settings, SETTINGS[1]);
  assert.deepEqual(
    [complete.state, pruned.state, failed.state, running.state],
    ["complete", "pruned", "failed", "running"],
  );
  assert.deepEqual(complete.rungs, [0.5]);
  assert.deepEqual(complete.sampler, sampler);
  assert.equal(failed.error, "no “memory”\nleft");
});

test("floats are written as Python writes them", () => {
  const numbers = [1, -0.5, 1e-7, 1e21, NaN, Infinity].map((value) => new PythonFloat(value));
  assert.equal(
    journalText({ numbers, whole: 3, none: undefined }),
    '{"numbers":[1.0,-0.5,1e-7,1e+21,NaN,Infinity],"whole":3}',
  );
});

test("several writers lose no line, and each line is whole", async () => {
  const path = join(folder, "many.log");
  const attr = (key: string): Operation => ({
    op_code: OPERATION.setStudyUserAttr,
    study_id: 0,
    user_attr: { [key]: 1 },
  });
  await new JournalFile(path).append(() => [{ op_code: OPERATION.createStudy, study_name: "many", directions: [1] }]);
  const writers = Array.from({ length: 3 }, () => new JournalFile(path));
  await Promise.all(
    writers.flatMap((file, w) => [0, 1, 2, 3].map((i) => file.append(() => [attr(`${w}-${i}`)], { sync: false }))),
  );
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  assert.equal(lines.length, 13);
  const reader = new JournalFile(path);
  await reader.sync();
  assert.equal(reader.replay.study("many")?.userAttrs.size, 12);
});

test("a dead process's lock is removed after its time of grace; a text that is no journal is refused", async () => {
  const path = join(folder, "locked.log");
  await symlink(path, `${path}.lock`);
  let ran = false;
  await withJournalLock(path, () => Promise.resolve(void (ran = true)), { graceMs: 50 });
  assert.ok(ran);
  await writeFile(path, "not a journal\n");
  await assert.rejects(
    new JournalFile(path).append(() => []),
    /must be a journal of Optuna/,
  );
});

/** Opens a study of {@link written} again. */
function reopened(journal: SweepJournal, name: string): Promise<SweepJournal> {
  const options = { name, direction: "maximize", space: SPACE, metric: "f1", plan: "{}", resume: true } as const;
  return SweepJournal.open(journal.path, options);
}

test("values of Python that JSON does not have are read as they are, and texts are not changed", async () => {
  const journal = await written("infinite");
  const trial = '{"op_code":4,"worker_id":"python","study_id":0,"datetime_start":"2026-01-02T03:04:05.000000"';
  const lines = [
    `${trial}, "state": 1, "value": Infinity, "values": null, "params": {}, "distributions": {}, "user_attrs": {"error": "loss: NaN, stopped"}, "system_attrs": {}, "intermediate_values": {"5": NaN, "10": -Infinity}}`,
    `${trial}}`,
    '{"op_code":6,"worker_id":"python","trial_id":5,"state":1,"values":[-Infinity]}',
  ];
  await appendFile(journal.path, `${lines.join("\n")}\n`);
  const [first, second] = (await reopened(journal, "infinite")).trials().slice(4);
  assert.deepEqual([first.state, first.value], ["complete", Infinity]);
  assert.deepEqual([second.state, second.value], ["complete", -Infinity]);
  assert.deepEqual(first.intermediate, [
    { step: 5, value: NaN },
    { step: 10, value: -Infinity },
  ]);
  assert.equal(first.error, "loss: NaN, stopped");
});

test("a write that fails on a full disk leaves no part of a trial", async (t) => {
  const journal = await written("full");
  const content = await readFile(journal.path, "utf8");
  const file = await open(journal.path);
  const handle = Object.getPrototypeOf(file) as FileHandle;
  await file.close();
  const halfWritten = async function (this: FileHandle, text: string): Promise<never> {
    await this.write(`${text.split("\n").slice(0, 2).join("\n")}\n{"op`);
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", syscall: "write" });
  };
  t.mock.method(handle, "appendFile", halfWritten, { times: 1 });
  await assert.rejects(journal.addTrial(SETTINGS[0], { sampler, seeds: [1] }), { code: "not-saved" });
  assert.equal(await readFile(journal.path, "utf8"), content);
  assert.equal(await journal.addTrial(SETTINGS[0], { sampler, seeds: [1] }), 4);
  assert.deepEqual((await reopened(journal, "full")).trials(), journal.trials());
});

const READ = `
import json, sys, optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
storage = JournalStorage(JournalFileBackend(sys.argv[1]))
study = optuna.load_study(study_name=sys.argv[2], storage=storage)
print(json.dumps({
  "direction": study.direction.name, "best": study.best_value, "metrics": study.metric_names,
  "trials": [{
    "number": t.number, "params": t.params, "types": {k: type(v).__name__ for k, v in t.params.items()},
    "distributions": {k: repr(d) for k, d in t.distributions.items()}, "state": t.state.name, "value": t.value,
    "intermediate": t.intermediate_values, "user": t.user_attrs, "rungs": t.system_attrs.get("completed_rung_0"),
    "seconds": None if t.duration is None else t.duration.total_seconds(),
  } for t in study.trials],
}))`;

test(
  "optuna.load_study reads the same params, distributions, values, intermediate values and states",
  { skip: WITHOUT_PYTHON },
  async () => {
    const journal = await written("read");
    const study = (await python(READ, [journal.path, "read"])) as {
      direction: string;
      best: number;
      metrics: string[];
      trials: Record<string, unknown>[];
    };
    assert.deepEqual([study.direction, study.best, study.metrics], ["MAXIMIZE", 1, ["f1"]]);
    assert.deepEqual(
      study.trials.map(({ state }) => state),
      ["COMPLETE", "PRUNED", "FAIL", "RUNNING"],
    );
    const [first, second] = study.trials;
    assert.deepEqual(first.params, SETTINGS[0]);
    assert.deepEqual(second.params, { ...SETTINGS[1], targetModules: "query,value" });
    assert.deepEqual(first.types, {
      learningRate: "float",
      loraDropout: "float",
      r: "int",
      n: "int",
      targetModules: "str",
      useDora: "bool",
      w: "float",
    });
    assert.deepEqual(first.distributions, {
      learningRate: "FloatDistribution(high=1.0, log=True, low=0.0001, step=None)",
      loraDropout: "FloatDistribution(high=0.3, log=False, low=0.0, step=0.1)",
      r: "IntDistribution(high=16, log=False, low=2, step=2)",
      n: "IntDistribution(high=64, log=True, low=1, step=1)",
      targetModules: "CategoricalDistribution(choices=('auto', 'query,value'))",
      useDora: "CategoricalDistribution(choices=(True, False))",
      w: "FloatDistribution(high=1.0, log=False, low=0.0, step=None)",
    });
    assert.deepEqual(first.intermediate, { 5: 0.5, 10: 1 });
    assert.deepEqual([first.value, second.value, first.rungs], [1, null, 0.5]);
    assert.deepEqual((first.user as Record<string, unknown>).seed_values, [1, 1]);
    assert.ok(Number(first.seconds) >= 0 && Number(first.seconds) < 60);
  },
);

const WRITE = `
import sys, optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
storage = JournalStorage(JournalFileBackend(sys.argv[1]))
study = optuna.load_study(study_name=sys.argv[2], storage=storage)
study.set_user_attr("note", "by Python")
study.optimize(lambda trial: trial.suggest_float("learningRate", 1e-4, 1, log=True), n_trials=2)
print(len(study.trials))`;

test(
  "Python may add trials to the journal meanwhile: the sweep goes on with its own numbers",
  { skip: WITHOUT_PYTHON },
  async () => {
    const journal = await written("both");
    assert.equal(await python(WRITE, [journal.path, "both"]), 6);
    const number = await journal.addTrial(SETTINGS[0], { sampler, seeds: [1] });
    assert.equal(number, 6);
    await journal.endTrial(number, { state: "complete", value: 0.75, seedValues: [0.75] });
    const study = (await python(READ, [journal.path, "both"])) as { trials: Record<string, unknown>[] };
    assert.equal(study.trials.length, 7);
    assert.equal(study.trials[6].value, 0.75);
    assert.deepEqual(study.trials[6].params, SETTINGS[0]);
  },
);
