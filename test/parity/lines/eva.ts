import { join } from "node:path";

import { SequenceClassifier } from "../../../src/classifier/sequence-classifier";
import { loadClassificationModel } from "../../../src/model/load-classification-model";
import { sharedOps } from "../../../src/ops/shared-ops";
import { initializeLoraEvaWeights } from "../../../src/training/initialize-lora-eva-weights";
import { train } from "../../../src/training/train";
import { headlessFixture } from "../headless-fixture";
import type { Measure, ParityLine } from "../parity-line";

const TARGETS = {
  bert: ["query", "key", "value", "attention.output.dense", "intermediate.dense"],
  distilbert: ["q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"],
} as const;
const BATCH = 8;

interface Result {
  /** Whether the ranks differ. */
  readonly ranks: boolean;
  /** Whether peft reads something else than was saved. */
  readonly files: boolean;
  readonly scalings: number;
  readonly angle: number;
  readonly logits: number;
  readonly trained: number;
}

export const line: ParityLine = {
  title: "EVA: directions, ranks and files",
  against: "peft",
  async run({ random, folder, cases, python }) {
    const ops = sharedOps();
    const tokenizer = {
      maxLength: 20,
      encode: (texts: readonly string[]) =>
        texts.map((text) => ({ ids: Int32Array.from(text.split(" "), Number), truncated: false })),
    };
    const inputs: unknown[] = [];
    const whats: string[] = [];
    for (let i = 0; i < cases(24); i++) {
      const kind = i % 2 === 0 ? "bert" : "distilbert";
      const directory = await headlessFixture(kind, { folder });
      const { model } = await loadClassificationModel(directory, { ops, numLabels: 2, seed: i });
      const origin = { id: "tiny", directory, notice: "" };
      const labels = ["A", "B"];
      const c = new SequenceClassifier({ model, tokenizer, labels, origin, newlyInitialized: [], seed: i });
      const base = join(folder, `${i}-base`);
      await c.saveModel(base, { allowUntrained: true });
      const targets = TARGETS[kind].filter(() => random.below(3) > 0);
      const targetModules = targets.length === 0 ? [TARGETS[kind][0]] : targets;
      const [r, loraAlpha, useRslora] = [1 + random.below(4), 1 + random.below(16), random.below(3) === 0];
      const [rho, tau] = [1 + random.below(3) / 2, 0.9 + 0.09 * random.uniform()];
      const adjustScalingFactors = random.below(2) === 0;
      c.addAdapter({
        ...{ r, loraAlpha, useRslora, targetModules, loraDropout: 0, initLoraWeights: "eva" },
        evaConfig: { rho, tau, adjustScalingFactors },
      });
      const documents = Array.from({ length: BATCH * (3 + random.below(4)) }, () =>
        Array.from({ length: 3 + random.below(14) }, () => 1 + random.below(39)),
      );
      const data = documents.map((ids) => ({ text: ids.join(" "), label: 0 }));
      const order = {
        perDeviceTrainBatchSize: BATCH,
        trainSamplingStrategy: "sequential",
        maxTokensPerPass: 50,
      } as const;
      await initializeLoraEvaWeights(c, data, order);
      const adapter = join(folder, `${i}-adapter`);
      await c.saveAdapter(adapter);
      const first = data.slice(0, BATCH).map(({ text }) => text);
      const logits = [...(await c.predictLogits(first))];
      const labelled = data.map(({ text }, row) => ({ text, label: row % 2 }));
      for await (const event of train(c, { train: labelled, maxSteps: 4, learningRate: 0.01, loggingSteps: 1 }))
        if (event.type === "step" && !Number.isFinite(event.loss)) throw new Error(`case ${i}: loss ${event.loss}`);
      const trained = join(folder, `${i}-trained`);
      await c.saveAdapter(trained);
      inputs.push({
        base,
        adapter,
        trained,
        options: { r, lora_alpha: loraAlpha, use_rslora: useRslora, lora_dropout: 0, target_modules: targetModules },
        eva: { rho, tau, adjust_scaling_factors: adjustScalingFactors },
        batches: Array.from({ length: documents.length / BATCH }, (_, b) =>
          documents.slice(b * BATCH, (b + 1) * BATCH),
        ),
        logits,
        trainedLogits: [...(await c.predictLogits(first))],
      });
      whats.push(JSON.stringify({ case: i, kind, r, rho, tau, targetModules }));
      c.dispose();
    }
    return measuresOf((await python(inputs)) as Result[], whats);
  },
};

function measuresOf(results: readonly Result[], whats: readonly string[]): Measure[] {
  const largest = (of: (result: Result) => number): Pick<Measure, "cases" | "largest" | "worst"> => {
    const values = results.map(of);
    const worst = values.indexOf(Math.max(...values));
    return { cases: values.length, largest: values[worst], worst: whats[worst] };
  };
  const differing = (of: (result: Result) => boolean): Pick<Measure, "cases" | "largest" | "worst"> => ({
    ...largest((result) => Number(of(result))),
    largest: results.filter(of).length,
  });
  return [
    { what: "ranks of all layers", bound: 0, ...differing(({ ranks }) => ranks) },
    { what: "files, read by peft", bound: 0, ...differing(({ files }) => files) },
    { what: "scalings", bound: 1e-12, ...largest(({ scalings }) => scalings) },
    {
      what: "sine of the largest principal angle, times the spectral gap",
      bound: 1e-5,
      ...largest(({ angle }) => angle),
    },
    { what: "logits, read by peft", bound: 1e-5, ...largest(({ logits }) => logits) },
    { what: "logits after four steps of training, read by peft", bound: 1e-5, ...largest(({ trained }) => trained) },
  ];
}
