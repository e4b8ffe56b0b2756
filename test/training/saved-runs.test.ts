import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { train } from "../../src/training/train";
import type { TrainEvent } from "../../src/training/train-event";
import { classifier, data, eventsOf, ops, runToEnd, tokenizer, validation, type EventOf } from "./tiny";

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-train-"))));
after(() => rm(folder, { recursive: true, force: true }));

const endOf = (events: readonly TrainEvent[]): EventOf<"end"> => {
  const [end] = eventsOf("end", events);
  assert.equal(events[events.length - 1], end);
  return end;
};

test("checkpoints are saved at every share of the steps; the last ones and the best are kept, complete and loadable", async () => {
  const c = await classifier();
  c.addAdapter({ r: 2 });
  const outputDir = join(folder, "run with blanks");
  const events = await runToEnd(c, { outputDir, maxSteps: 10, evalSteps: 0.2, saveTotalLimit: 2 });
  const paths = events
    .filter((event): event is TrainEvent & { type: "checkpoint" } => event.type === "checkpoint")
    .map(({ path }) => path);
  assert.deepEqual(
    paths.map((path) => path.split("-").pop()),
    ["2", "4", "6", "8", "10"],
  );
  const kept = await readdir(outputDir);
  const best = `checkpoint-${endOf(events).bestStep}`;
  assert.deepEqual(new Set(kept), new Set(["checkpoint-8", "checkpoint-10", best, "trainer_log.jsonl"]));
  const wanted = await c.predictLogits([data[0].text]);
  const other = await classifier();
  await other.loadAdapter(join(outputDir, best));
  assert.deepEqual(await other.predictLogits([data[0].text]), wanted);
  c.dispose();
  other.dispose();
});

test("all weights saved as a Hugging Face folder give equal logits when read back", async () => {
  const c = await classifier("distilbert");
  c.trainAllWeights();
  await runToEnd(c, { maxSteps: 2 });
  const directory = join(folder, "full");
  await c.saveModel(directory);
  const { model } = await loadClassificationModel(directory, { ops, numLabels: 2, seed: 9 });
  const again = new SequenceClassifier({
    model,
    tokenizer,
    labels: c.labels,
    origin: c.origin,
    newlyInitialized: [],
    seed: 9,
  });
  const texts = data.map(({ text }) => text);
  assert.deepEqual(await again.predictLogits(texts), await c.predictLogits(texts));
  c.dispose();
  again.dispose();
});

test("a signal stops the run at the next step, with a checkpoint", async () => {
  const c = await classifier();
  c.addAdapter();
  const stop = new AbortController();
  const outputDir = join(folder, "stopped");
  const events: TrainEvent[] = [];
  for await (const event of train(c, { train: data, validation, maxSteps: 50, outputDir, signal: stop.signal })) {
    events.push(event);
    if (event.type === "step" && event.step === 3) stop.abort();
  }
  const end = endOf(events);
  assert.deepEqual([end.steps, end.stopped], [3, true]);
  assert.ok(existsSync(join(outputDir, "checkpoint-3", "adapter_model.safetensors")));
  c.dispose();
});

test("a run that diverges ends with an error that names step, texts, advice and the last good checkpoint", async () => {
  const c = await classifier();
  c.trainAllWeights();
  const ids = data.map((_, i) => `PMID ${1000 + i}`);
  const frame = {
    columns: ["texts", "label", "ID"],
    column: (name: string) => ({
      values: name === "ID" ? ids : data.map(({ text, label }) => (name === "label" ? label : text)),
    }),
  };
  const outputDir = join(folder, "diverged");
  const options = {
    train: frame,
    validation: undefined,
    outputDir,
    saveSteps: 1,
    learningRate: 1e30,
    warmupSteps: 3,
    maxGradNorm: 0,
    maxSteps: 20,
  };
  await assert.rejects(runToEnd(c, options), (error) => {
    assert.ok(error instanceof TsloraError);
    assert.match(
      error.message,
      /at step \d+ the loss is .*diverged; choose a learningRate below 1e\+30.*The batch: PMID 10\d\d, .*The last good checkpoint is .*checkpoint-\d/s,
    );
    const { step, checkpoint, reason } = error.details;
    assert.equal(reason, "diverged");
    assert.ok(existsSync(String(checkpoint)) && Number(step) > 1);
    return true;
  });
  c.dispose();
});
