import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { readEncoderConfig } from "../../src/model/encoder-config";
import type { Ops } from "../../src/ops/ops";
import { readTrainingLog } from "../../src/training/log/read-training-log";
import { parameterGroups, PLAIN_GROUPS } from "../../src/training/optimizer/parameter-groups";
import { train } from "../../src/training/train";
import type { TrainOptions } from "../../src/training/options/train-options";
import { fixtureDirectory } from "../model/fixture";
import { expectWithin, SEVEN_DIGITS } from "../ops/expect-within";
import { sampleRounding } from "../ops/sample-rounding";
import { classifier, data, eventsOf, hashOfWeights, ops, runToEnd } from "./tiny";

interface Golden extends Pick<TrainOptions, "loraplusLrRatio" | "layerwiseLrDecay"> {
  readonly kind: "bert" | "distilbert";
  readonly adapter: string | null;
  readonly losses: readonly number[];
  readonly weights: Readonly<Record<string, readonly number[]>>;
}

/** Results of torch and peft: see test/training/write-group-goldens.py. */
const goldens = JSON.parse(readFileSync(join(projectRoot(), "test", "training", "golden-groups.json"), "utf8")) as {
  readonly options: Partial<TrainOptions>;
  readonly cases: readonly Golden[];
};

let folder = "";
before(async () => void (folder = await mkdtemp(join(tmpdir(), "tslora-groups-"))));
after(() => rm(folder, { recursive: true, force: true }));

async function start({ kind, adapter }: Pick<Golden, "kind" | "adapter">, on: Ops = ops): Promise<SequenceClassifier> {
  const c = await classifier(kind, { dropout: 0, on });
  if (adapter === null) c.trainAllWeights();
  else await c.loadAdapter(join(projectRoot(), "test", adapter));
  return c;
}

/** Losses and final weights of a golden's run, by name. */
async function runOf(golden: Golden, on: Ops = ops): Promise<Map<string, Float32Array>> {
  const c = await start(golden, on);
  const { loraplusLrRatio, layerwiseLrDecay } = golden;
  const losses: number[] = [];
  for await (const event of train(c, {
    ...goldens.options,
    loraplusLrRatio,
    layerwiseLrDecay,
    train: data,
    trainSamplingStrategy: "sequential",
  }))
    if (event.type === "step") losses.push(event.loss);
  const found = new Map<string, Float32Array>([["losses", Float32Array.from(losses)]]);
  for (const parameter of c.trainableParameters()) found.set(parameter.name, await parameter.read());
  c.dispose();
  return found;
}

for (const golden of goldens.cases) {
  const { kind, adapter, losses, weights, ...options } = golden;
  test(`${kind}, ${adapter ?? "all weights"}, ${JSON.stringify(options)}: losses and weights of 20 steps are torch's and peft's`, async () => {
    const alive = ops.alive();
    const found = await runOf(golden);
    assert.equal(ops.alive(), alive);
    const exact = await sampleRounding((on) => runOf(golden, on));
    const wanted = new Map<string, readonly number[]>([["losses", losses], ...Object.entries(weights)]);
    assert.deepEqual([...found.keys()].sort(), [...wanted.keys()].sort());
    for (const [name, reference] of exact) {
      // The gradient of a key's bias is 0 up to rounding, and Adam turns rounding errors into full steps.
      const loosest = /(?:key|k_lin)(?:\.base_layer)?\.bias$/.test(name) ? Infinity : undefined;
      const common = { storage: SEVEN_DIGITS, ...(loosest !== undefined && { loosest }) };
      expectWithin(found.get(name) ?? [], reference, { what: `ours: ${name}`, ...common });
      expectWithin(wanted.get(name) ?? [], reference, { what: `torch: ${name}`, ...common });
    }
  });
}

test("a ratio and a decay of 1 change no bit of the training", async () => {
  const runs: Partial<TrainOptions>[] = [{}, { loraplusLrRatio: 1 }, { layerwiseLrDecay: 1 }];
  const hashes = new Set<string>();
  for (const options of runs) {
    const c = await start({ kind: "bert", adapter: "fixtures/tiny-bert/adapter" });
    const events = await runToEnd(c, { maxSteps: 3, ...options });
    assert.ok(eventsOf("step", events).every(({ learningRates }) => learningRates === undefined));
    hashes.add(await hashOfWeights(c));
    c.dispose();
  }
  assert.equal(hashes.size, 1);
});

test("LoRA+ gives B and vectors the ratio, and every other matrix weight decay", async () => {
  const config = await readEncoderConfig(fixtureDirectory("mpnet"));
  const groupOf = parameterGroups({ loraplusLrRatio: 16, layerwiseLrDecay: 0.5 }, config);
  const of = (name: string, shape: readonly number[]): [number, boolean] => {
    const { rateFactor, decayed } = groupOf({ name, shape });
    return [rateFactor, decayed];
  };
  const layer = "base_model.model.mpnet.encoder.layer.1.attention.attn.q";
  assert.deepEqual(of(`${layer}.lora_A.weight`, [2, 8]), [0.5, true]);
  assert.deepEqual(of(`${layer}.lora_B.weight`, [8, 2]), [8, true]);
  assert.deepEqual(of(`${layer}.lora_magnitude_vector`, [8]), [8, true]);
  assert.deepEqual(of(`${layer}.base_layer.bias`, [8]), [8, false]);
  assert.deepEqual(of("base_model.model.mpnet.encoder.relative_attention_bias.weight", [32, 2]), [0.125, true]);
  assert.deepEqual(of("base_model.model.classifier.weight", [2, 8]), [1, true]);
  assert.deepEqual(of("base_model.model.classifier.bias", [2]), [16, false]);
  assert.equal(parameterGroups({}, config), PLAIN_GROUPS);
});

test("the log and the events have the lowest and the highest rate; a stopped run resumes to the same weights", async () => {
  const options: Partial<TrainOptions> = {
    ...{ maxSteps: 6, learningRate: 0.01, lrSchedulerType: "constant", loraplusLrRatio: 8, layerwiseLrDecay: 0.5 },
    ...{ evalSteps: 2, saveSteps: 2 },
  };
  const make = async (): Promise<SequenceClassifier> => {
    const c = await classifier("bert", { dropout: 0.1 });
    c.addAdapter({ r: 2, targetModules: "all-linear" });
    return c;
  };
  const [whole, stopped, other] = [await make(), await make(), await make()];
  const outputDir = join(folder, "run");
  const events = await runToEnd(whole, { ...options, outputDir });
  // The pooler and the head have the depth above the three layers; the last layer's A has half their rate.
  for (const { learningRate, learningRates } of eventsOf("step", events)) {
    assert.equal(learningRate, 0.01);
    assert.deepEqual(learningRates, { lowest: 0.01 * 0.5 ** 3, highest: 0.01 * 8 });
  }
  assert.deepEqual(eventsOf("step", await readTrainingLog(outputDir)), eventsOf("step", events));
  const saved = JSON.parse(await readFile(join(outputDir, "checkpoint-4", "training_args.json"), "utf8")) as object;
  assert.deepEqual({ ...saved, loraplus_lr_ratio: 8, layerwise_lr_decay: 0.5 }, saved);
  const resumeFrom = join(outputDir, "checkpoint-4");
  await runToEnd(stopped, { ...options, outputDir: join(folder, "resumed"), resumeFrom });
  assert.equal(await hashOfWeights(stopped), await hashOfWeights(whole));
  await assert.rejects(
    runToEnd(other, { ...options, layerwiseLrDecay: undefined, loraplusLrRatio: 4, outputDir, resumeFrom }),
    /loraplusLrRatio was 8 and is 4[\s\S]*layerwiseLrDecay was 0.5 and is not given/,
  );
  for (const c of [whole, stopped, other]) c.dispose();
});
