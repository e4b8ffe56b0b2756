import { join } from "node:path";

import type { Random } from "../../../src/base/random";
import { SequenceClassifier } from "../../../src/classifier/sequence-classifier";
import { sharedOps } from "../../../src/ops/shared-ops";
import { loadClassificationModel } from "../../../src/model/load-classification-model";
import { epochSteps } from "../../../src/training/data/batches";
import type { ExampleLabel } from "../../../src/training/loss/classification-loss";
import { train } from "../../../src/training/train";
import {
  SAMPLING_STRATEGIES,
  type LrSchedulerType,
  type TrainOptions,
} from "../../../src/training/options/train-options";
import { typeOf } from "../architectures";
import { headlessFixture } from "../headless-fixture";
import { queryOfIdleKey, readConfig } from "../idle-biases";
import type { Measure, ParityLine } from "../parity-line";
import { fixturesOf } from "../random-adapters";

const STEPS = 20;
const METHODS = ["lora", "full"] as const;
const SCHEDULES: readonly LrSchedulerType[] = ["linear", "cosine", "constant", "constant_with_warmup"];

interface Example {
  readonly text: string;
  readonly label: ExampleLabel;
}

interface Result {
  readonly losses: readonly number[];
  readonly largest: number;
  readonly worst: string;
  /** The largest difference of a key's bias: see the Python side. */
  readonly keyBiases: number;
}

/** A run's random settings. */
function drawOptions(
  random: Random,
  { multi, numLabels, lora, decays }: { multi: boolean; numLabels: number; lora: boolean; decays: boolean },
): Partial<TrainOptions> {
  const some = (chance: number): boolean => random.uniform() < chance;
  const lrSchedulerType = SCHEDULES[random.below(SCHEDULES.length)];
  const loss = random.below(3); // the loss as it is, smoothed, or focal
  const ratio = lora && some(0.3) ? 1 + 15 * random.uniform() : undefined;
  return {
    loraplusLrRatio: ratio,
    layerwiseLrDecay: decays ? 0.3 + 0.7 * random.uniform() : undefined,
    lrSchedulerType,
    ...(lrSchedulerType === "constant"
      ? {}
      : some(0.5)
        ? { warmupSteps: random.below(8) }
        : { warmupRatio: random.uniform() / 2 }),
    learningRate: lora ? 10 ** (-3.5 + 1.5 * random.uniform()) / (ratio ?? 1) : 10 ** (-5 + 1.5 * random.uniform()),
    perDeviceTrainBatchSize: 1 + random.below(8),
    gradientAccumulationSteps: some(0.5) ? 1 : 2 + random.below(3),
    weightDecay: some(0.3) ? 0 : random.uniform() / 5,
    maxGradNorm: some(0.3) ? 0 : 10 ** (-1.5 + 2 * random.uniform()),
    maxTokensPerPass: some(0.5) ? 2048 : 20 + random.below(60),
    trainSamplingStrategy: SAMPLING_STRATEGIES[random.below(3)],
    seed: random.below(2 ** 31),
    ...(some(0.3)
      ? { classWeights: "balanced" }
      : some(0.5)
        ? { classWeights: Array.from({ length: numLabels }, () => 0.2 + 3 * random.uniform()) }
        : {}),
    ...(loss === 1 && !multi
      ? { labelSmoothing: 0.05 + 0.4 * random.uniform() }
      : loss === 2
        ? { focalGamma: 0.5 + 3 * random.uniform() }
        : {}),
  };
}

function drawExamples(random: Random, { multi, numLabels }: { multi: boolean; numLabels: number }): Example[] {
  return Array.from({ length: 30 + random.below(40) }, (_, i) => {
    const text = Array.from({ length: 2 + random.below(17) }, () => String(1 + random.below(39))).join(" ");
    // Each label occurs, and each is missing somewhere, for balanced weights.
    return {
      text,
      label: multi
        ? Array.from({ length: numLabels }, (_, c) => (i < 2 ? Number(i === 0) : Number(random.below(c + 2) === 0)))
        : i < numLabels
          ? i
          : random.below(numLabels),
    };
  });
}

export const line: ParityLine = {
  title: "20 training steps, dropout 0",
  against: "torch + peft",
  async run({ random, folder, cases, types, python, note }) {
    const ops = sharedOps();
    const fixtures = fixturesOf(types);
    const inputs: unknown[] = [];
    const runs: Run[] = [];
    for (let i = 0; i < cases(4) * 2 * fixtures.length; i++) {
      const kind = fixtures[i % fixtures.length];
      const directory = await headlessFixture(kind, { folder });
      const config = await readConfig(directory);
      const method = METHODS[Math.floor(i / fixtures.length) % 2];
      const multi = random.below(4) === 0;
      const numLabels = 2 + random.below(3);
      const [turn, place] = [Math.floor(i / fixtures.length), i % fixtures.length];
      const decays = (place + turn + (turn >> 1)) % 2 === 0; // of four turns: once LoRA, once all weights
      const options = drawOptions(random, { multi, numLabels, lora: method === "lora", decays });
      const examples = drawExamples(random, { multi, numLabels });
      const { model } = await loadClassificationModel(directory, { ops, numLabels, seed: random.below(1000) });
      const tokenizer = {
        maxLength: 20,
        encode: (texts: readonly string[]) =>
          texts.map((text) => ({ ids: Int32Array.from(text.split(" "), Number), truncated: false })),
      };
      const c = new SequenceClassifier({
        model,
        tokenizer,
        labels: Array.from({ length: numLabels }, (_, l) => `L${l}`),
        problemType: multi ? "multi_label_classification" : "single_label_classification",
        origin: { id: "tiny", directory, notice: "" },
        newlyInitialized: [],
        seed: random.below(1000),
      });
      const at = (name: string): string => join(folder, `${i}-${name}`);
      await c.saveModel(at("base"), { allowUntrained: true });
      if (method === "lora") {
        c.addAdapter({
          r: 1 + random.below(4),
          loraDropout: 0,
          targetModules: random.below(2) === 0 ? "auto" : "all-linear",
        });
        await c.saveAdapter(at("first"));
      } else c.trainAllWeights();
      const losses: number[] = [];
      for await (const event of train(c, { ...options, train: examples, maxSteps: STEPS }))
        if (event.type === "step") losses.push(event.loss);
      if (method === "lora") await c.saveAdapter(at("last"));
      else await c.saveModel(at("last"));
      inputs.push({
        method,
        multi,
        numLabels,
        base: at("base"),
        first: at("first"),
        last: at("last"),
        batches: batchesOf(examples, options),
        labels: examples.map(({ label }) => label),
        idleKeys: [...model.parameters()].flatMap(({ name }) =>
          queryOfIdleKey(name, config) === undefined ? [] : [name],
        ),
        ...settings(options),
      });
      runs.push({
        type: typeOf(kind),
        method,
        options,
        losses,
        learningRate: options.learningRate ?? NaN,
        what: JSON.stringify({ case: i, kind, method, multi, ...options }),
      });
      c.dispose();
      if (i % 12 === 11) note(`${i + 1} runs trained`);
    }
    const results = (await python(inputs)) as Result[];
    return measuresOf(runs, { results, types });
  },
};

/** A run of ours. */
interface Run {
  readonly type: string;
  readonly method: string;
  readonly options: Partial<TrainOptions>;
  readonly losses: readonly number[];
  readonly learningRate: number;
  readonly what: string;
}

/** The largest differences, by model and method, and of the runs with several learning rates. */
function measuresOf(
  runs: readonly Run[],
  { results, types }: { results: readonly Result[]; types: readonly string[] },
): Measure[] {
  const chosen = (holds: (run: Run) => boolean): number[] => runs.flatMap((run, i) => (holds(run) ? [i] : []));
  const largest = (indices: readonly number[], of: (i: number) => number): Omit<Measure, "what" | "bound"> => ({
    cases: indices.length,
    ...indices.reduce(
      (worst, i) => (of(i) <= worst.largest ? worst : { largest: of(i), worst: `${runs[i].what} ${results[i].worst}` }),
      { largest: 0, worst: "" },
    ),
  });
  const loss = (i: number): number =>
    Math.max(...results[i].losses.map((value, step) => Math.abs(value - runs[i].losses[step])));
  const both = (name: string, indices: readonly number[], type?: string): Measure[] => [
    { type, what: `loss at each step, ${name}`, bound: 1e-5, ...largest(indices, loss) },
    { type, what: `weights at the end, ${name}`, bound: 1e-4, ...largest(indices, (i) => results[i].largest) },
  ];
  const ofTypes = types.flatMap((type) =>
    METHODS.flatMap((method) => {
      const indices = chosen((run) => run.type === type && run.method === method);
      const keys = {
        what: `keys' biases, whose gradient is 0 but for rounding, ${type}: share of ${STEPS} full steps`,
        bound: 1,
        ...largest(indices, (i) => results[i].keyBiases / (STEPS * runs[i].learningRate)),
      };
      return [...both(`${type}, ${method}`, indices, type), ...(method === "full" ? [keys] : [])];
    }),
  );
  const loraplus = chosen(({ options }) => options.loraplusLrRatio !== undefined);
  const ofDecay = types.flatMap((type) => {
    const indices = chosen((run) => run.type === type && run.options.layerwiseLrDecay !== undefined);
    return indices.length === 0 ? [] : both(`${type}, with layerwiseLrDecay`, indices, type);
  });
  return [...ofTypes, ...both("with loraplusLrRatio", loraplus), ...ofDecay];
}

/** The examples of each step, which both sides are fed with: micro-batches of token ids and labels. */
function batchesOf(
  examples: readonly Example[],
  options: Partial<TrainOptions>,
): { ids: number[]; label: ExampleLabel }[][] {
  const documents = examples.map(({ text }) => text.split(" ").map(Number));
  const {
    perDeviceTrainBatchSize: batchSize = 16,
    gradientAccumulationSteps = 1,
    seed = 42,
    trainSamplingStrategy: strategy = "random",
  } = options;
  const steps: number[][][] = [];
  for (let epoch = 0; steps.length < STEPS; epoch++)
    steps.push(
      ...epochSteps(
        documents.map(({ length }) => length),
        { batchSize, gradientAccumulationSteps, seed, epoch, strategy },
      ),
    );
  return steps
    .slice(0, STEPS)
    .map((microBatches) =>
      microBatches.flat().map((index) => ({ ids: documents[index], label: examples[index].label })),
    );
}

/** The settings that the reference needs, with warm-up as transformers counts it. */
function settings(options: Partial<TrainOptions>): Record<string, unknown> {
  const { warmupSteps, warmupRatio = 0 } = options;
  return {
    ...options,
    warmup:
      warmupSteps !== undefined && warmupSteps >= 1 ? warmupSteps : Math.ceil((warmupSteps ?? warmupRatio) * STEPS),
    totalSteps: STEPS,
  };
}
