import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { LOCK_FILE } from "../../src/base/lock/lock-file";
import { lockFolder } from "../../src/base/lock/lock-output";
import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { MLFLOW_FILE } from "../../src/training/log/mlflow/training-mlflow";
import { train } from "../../src/training/train";
import type { TrainOptions } from "../../src/training/options/train-options";
import { classifier, data, eventsOf, runToEnd, validation } from "./tiny";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-output-"))));
after(() => rm(folder, { recursive: true, force: true }));

const SHORT: Partial<TrainOptions> = { maxSteps: 2, perDeviceTrainBatchSize: 4, evalSteps: 1, saveSteps: 1 };

async function trainable(): Promise<SequenceClassifier> {
  const c = await classifier("bert", { dropout: 0 });
  c.addAdapter({ r: 2 });
  return c;
}

test("a second run into a folder is refused and changes nothing; after the first run the folder is free", async () => {
  const outputDir = join(folder, "two");
  const [first, second] = [await trainable(), await trainable()];
  const events = train(first, { train: data, validation, ...SHORT, outputDir });
  for (
    let next = await events.next();
    next.done !== true && next.value.type !== "checkpoint";
    next = await events.next()
  );
  const names = await readdir(outputDir);
  await assert.rejects(runToEnd(second, { ...SHORT, outputDir }), { code: "in-use" });
  await assert.rejects(runToEnd(second, { ...SHORT, outputDir, resumeFrom: "last" }), { code: "in-use" });
  assert.deepEqual(await readdir(outputDir), names);
  await events.return(undefined as never); // a consumer that stops gives the folder back
  assert.ok(!(await readdir(outputDir)).includes(LOCK_FILE));
  await runToEnd(second, { ...SHORT, outputDir });
  for (const c of [first, second]) c.dispose();
});

test("saving into a folder is refused while another process holds it, and leaves no lock", async () => {
  const c = await trainable();
  const directory = join(folder, "saved");
  const lock = lockFolder(directory, { purpose: "saving" });
  await assert.rejects(c.saveAdapter(directory), { code: "in-use" });
  lock.release();
  await c.saveAdapter(directory);
  assert.ok(!(await readdir(directory)).includes(LOCK_FILE));
  c.dispose();
});

test("a run that is refused leaves no folder behind", async () => {
  const c = await trainable();
  const outputDir = join(folder, "never", "made");
  await assert.rejects(runToEnd(c, { ...SHORT, outputDir, resumeFrom: "last" }), { code: "not-found" });
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name === "never"),
    [],
  );
  c.dispose();
});

test("the newest three folders of earlier runs are kept, and the one from which the run resumes", async () => {
  const outputDir = join(folder, "many");
  const c = await trainable();
  const earlier = async (): Promise<string[]> =>
    (await readdir(outputDir)).filter((name) => name.startsWith("earlier-")).sort();
  for (let run = 0; run < 4; run++) await runToEnd(c, { ...SHORT, outputDir });
  assert.deepEqual(await earlier(), ["earlier-1", "earlier-2", "earlier-3"]);
  const fifth = await runToEnd(c, { ...SHORT, outputDir });
  assert.deepEqual(await earlier(), ["earlier-2", "earlier-3", "earlier-4"]);
  assert.match(eventsOf("warning", fifth)[0].message, /newest 3 such folders are kept; deleted: earlier-1\./);
  const fresh = await trainable();
  await runToEnd(fresh, { ...SHORT, outputDir });
  c.dispose();
  const resumed = await trainable();
  const from = join(outputDir, "earlier-3", "checkpoint-1");
  await runToEnd(resumed, { ...SHORT, outputDir, resumeFrom: from });
  assert.ok((await earlier()).includes("earlier-3"), (await earlier()).join(", "));
  for (const one of [fresh, resumed]) one.dispose();
});

test("before its first event a run sets another run's weights, results and record aside, if these are of tslora train", async () => {
  const outputDir = join(folder, "finished");
  const c = await trainable();
  await runToEnd(c, { ...SHORT, outputDir });
  await c.saveAdapter(join(outputDir, "adapter"));
  await runToEnd(c, { ...SHORT, outputDir });
  assert.ok((await readdir(outputDir)).includes("adapter"), "without a record the adapter is the user's");
  const written = ["results.json", "trained_texts.json", "training_args.json"];
  for (const name of [...written, "notes.txt"]) await writeFile(join(outputDir, name), "{}");
  const events = train(c, { train: data, validation, ...SHORT, outputDir });
  await events.next();
  const left = (await readdir(outputDir)).filter((name) => name !== LOCK_FILE);
  assert.deepEqual(left.sort(), ["earlier-1", "earlier-2", "notes.txt", "trainer_log.jsonl"]);
  const aside = await readdir(join(outputDir, "earlier-2"));
  for (const name of ["adapter", "checkpoint-2", "trainer_log.jsonl", ...written])
    assert.ok(aside.includes(name), `${name}: ${aside.join(", ")}`);
  await events.return(undefined as never);
  c.dispose();
});

test("a run goes on if its checkpoints are deleted by hand", async () => {
  const outputDir = join(folder, "deleted");
  const c = await trainable();
  const saved: number[] = [];
  const options = { ...SHORT, maxSteps: 5, saveTotalLimit: 1, outputDir };
  for await (const event of train(c, { train: data, validation, ...options })) {
    if (event.type !== "checkpoint") continue;
    saved.push(event.step);
    await rm(event.path, { recursive: true });
  }
  assert.deepEqual(saved, [1, 2, 3, 4, 5]);
  c.dispose();
});

test("the id of a run in MLflow stays with a run that resumes, and is set aside for another one", async () => {
  const outputDir = join(folder, "mlflow");
  const c = await trainable();
  await runToEnd(c, { ...SHORT, outputDir });
  await writeFile(join(outputDir, MLFLOW_FILE), '{"run_id":"first"}');
  await runToEnd(c, { ...SHORT, outputDir, resumeFrom: "last" });
  assert.ok((await readdir(outputDir)).includes(MLFLOW_FILE));
  await runToEnd(c, { ...SHORT, outputDir });
  assert.ok(!(await readdir(outputDir)).includes(MLFLOW_FILE), "the second run would add its numbers to the first");
  assert.ok((await readdir(join(outputDir, "earlier-1"))).includes(MLFLOW_FILE));
  c.dispose();
});
