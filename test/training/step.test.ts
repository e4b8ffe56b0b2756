import assert from "node:assert/strict";
import { test } from "node:test";

import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { DropoutSource } from "../../src/model/parts/dropout";
import { AdamW } from "../../src/training/optimizer/adamw";
import { PendingSteps, type CheckStep, type ReadStep } from "../../src/training/step/pending-steps";
import { TrainingStep } from "../../src/training/step/step";
import { classifier, data, hashOfWeights, ops, tokenizer } from "./tiny";

interface Steps {
  readonly c: SequenceClassifier;
  readonly step: TrainingStep;
  readonly pending: PendingSteps;
  readonly dispose: () => void;
}

/** Steps of a tiny adapter. */
async function steps(loggingSteps: number, check: CheckStep = () => undefined): Promise<Steps> {
  const c = await classifier("bert", { dropout: 0.1 });
  c.addAdapter({ r: 2, loraDropout: 0.2 });
  const documents = tokenizer.encode(data.map(({ text }) => text));
  const lengths = documents.map(({ ids }) => ids.length);
  const optimizer = new AdamW(ops, { weightDecay: 0.01 });
  const step = new TrainingStep(c, {
    optimizer,
    data: { documents, lengths, labels: data.map(({ label }) => label) },
    loss: { problemType: c.problemType, labelSmoothing: 0, focalGamma: 0 },
    dropout: new DropoutSource(1),
    options: { bf16: false, frozenPrefixDropout: true, loggingSteps, maxGradNorm: 1, maxTokensPerPass: 16 },
    check,
  });
  const pending = new PendingSteps(ops, check);
  const dispose = (): void => {
    optimizer.dispose();
    pending.dispose();
    c.dispose();
  };
  return { c, step, pending, dispose };
}

const planned = (step: number): Parameters<TrainingStep["send"]>[0] => ({
  step,
  epoch: step / 10,
  learningRate: 0.02,
  microBatches: [
    [step, step + 1],
    [step + 2, step + 3],
  ],
});

async function read(pending: PendingSteps, every: number): Promise<ReadStep[]> {
  const done: ReadStep[] = [];
  for await (const step of pending.read({ every })) done.push(step);
  return done;
}

test("if every step is read, its numbers are checked before the weights are updated", async () => {
  const { c, step, dispose } = await steps(1, () => {
    throw new Error("the run has diverged");
  });
  const weights = await hashOfWeights(c);
  await assert.rejects(step.send(planned(1)), /the run has diverged/); // creates the tensors that the model keeps
  const alive = ops.alive();
  await assert.rejects(step.send(planned(2)), /the run has diverged/);
  assert.equal(await hashOfWeights(c), weights);
  assert.equal(ops.alive(), alive);
  dispose();
});

test("steps are read together once enough were sent, each is checked once, and no tensor is left", async () => {
  for (const every of [1, 3]) {
    const checked: number[] = [];
    const { c, step, pending, dispose } = await steps(every, (done) => void checked.push(done.step));
    const reported: number[] = [];
    let alive = 0;
    for (let i = 1; i <= 7; i++) {
      const before = await hashOfWeights(c);
      pending.add(await step.send(planned(i)));
      assert.notEqual(await hashOfWeights(c), before, "a step that was sent has updated the weights");
      const done = await read(pending, every);
      assert.equal(done.length, i % every === 0 ? every : 0);
      for (const { batch, tokens, loss, gradNorm } of done) {
        assert.equal(batch.length, 4);
        assert.ok([tokens, loss, gradNorm].every((number) => Number.isFinite(number) && number > 0));
      }
      reported.push(...done.map((one) => one.step));
      if (i === every) alive = ops.alive();
      if (i % every === 0) assert.equal(ops.alive(), alive);
    }
    reported.push(...(await read(pending, 1)).map((one) => one.step));
    assert.deepEqual(reported, [1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(checked, reported);
    assert.deepEqual(await read(pending, 1), []);
    dispose();
  }
});

test("a step of AdamW takes gradients of exactly the weights that were prepared", async () => {
  const { c, step, pending, dispose } = await steps(1);
  pending.add(await step.send(planned(1)));
  const [first] = c.trainableParameters();
  first.trainable = false;
  await assert.rejects(step.send(planned(2)), /gradients of exactly the weights that were prepared/);
  first.trainable = true;
  dispose();
});
