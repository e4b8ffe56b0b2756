import assert from "node:assert/strict";
import { test } from "node:test";

import { planSteps } from "../../src/training/run/plan-steps";
import { resolveTrainOptions, type OptionContext } from "../../src/training/options/resolve-train-options";
import type { TrainOptions } from "../../src/training/options/train-options";

const context: OptionContext = { method: "lora", problemType: "single_label_classification", numLabels: 2 };
const train = [{ text: "2 3", label: 0 }];
const all: TrainOptions = { train, validation: train };

test("values out of every option's range are reported at once", () => {
  const bad = {
    numTrainEpochs: -1,
    maxSteps: 0.5,
    learningRate: Infinity,
    loraplusLrRatio: 0,
    layerwiseLrDecay: 1.01,
    warmupSteps: 1.5,
    perDeviceTrainBatchSize: 0,
    gradientAccumulationSteps: 0,
    weightDecay: -1,
    maxGradNorm: NaN,
    labelSmoothing: 1,
    focalGamma: -1,
    evalSteps: 0,
    saveSteps: 2.5,
    earlyStoppingPatience: 0,
    earlyStoppingThreshold: -1,
    saveTotalLimit: 0,
    seed: 0.5,
    maxTokensPerPass: 0,
  };
  const wrong = {
    ...bad,
    lrSchedulerType: "polynomial",
    metricForBestModel: "eval_bleu",
    reportTo: "wandb",
    groupByLength: 1,
    classWeights: [1],
    outputDir: "",
    resumeFrom: 3,
    warmup: 1,
  };
  assert.throws(
    () => resolveTrainOptions({ ...all, ...(wrong as unknown as Partial<TrainOptions>) }, context),
    (error: Error) => {
      for (const name of Object.keys(wrong))
        assert.match(error.message, new RegExp(`(${name}|"${name}") (must be|is not an option)`), name);
      return true;
    },
  );
});

test("options that contradict each other are refused with advice", () => {
  const contradictions: readonly [Partial<TrainOptions>, RegExp][] = [
    [{ validation: undefined, loadBestModelAtEnd: true }, /loadBestModelAtEnd needs evaluations/],
    [{ validation: undefined, earlyStoppingPatience: 2 }, /earlyStoppingPatience needs evaluations/],
    [{ validation: undefined, metricForBestModel: "f1" }, /metricForBestModel and greaterIsBetter need evaluations/],
    [{ earlyStoppingThreshold: 0.1 }, /has no effect without earlyStoppingPatience/],
    [{ metricForBestModel: "loss", greaterIsBetter: true }, /of loss less is better/],
    [{ greaterIsBetter: false }, /of accuracy more is better/],
    [{ warmupSteps: 3, warmupRatio: 0.1 }, /give one of them/],
    [{ lrSchedulerType: "constant", warmupSteps: 3 }, /choose "constant_with_warmup"/],
    [{ labelSmoothing: 0.1, focalGamma: 2 }, /two different losses/],
    [{ saveSteps: 10 }, /saveSteps needs an outputDir/],
    [{ reportTo: "tensorboard" }, /needs an outputDir/],
    [{ resumeFrom: "last" }, /looks into outputDir/],
    [{ outputDir: "x", evalSteps: 4, saveSteps: 6 }, /saveSteps must be a multiple of evalSteps.*got 6 and 4/],
    [{ outputDir: "x", evalSteps: 0.3, saveSteps: 0.5 }, /saveSteps must be a multiple of evalSteps/],
    [{ outputDir: "x", evalSteps: 0.2, saveSteps: 10 }, /both as a number of steps, or both as a share/],
  ];
  for (const [options, pattern] of contradictions)
    assert.throws(() => resolveTrainOptions({ ...all, ...options }, context), pattern, JSON.stringify(options));
  assert.throws(
    () =>
      resolveTrainOptions(
        { ...all, labelSmoothing: 0.1, metricForBestModel: "matthews_correlation" },
        { ...context, problemType: "multi_label_classification" },
      ),
    /labelSmoothing needs one class per text/,
  );
  assert.throws(
    () => resolveTrainOptions({ ...all, loraplusLrRatio: 16 }, { ...context, method: "full" }),
    /loraplusLrRatio must be left out without an adapter; got 16.*add an adapter/,
  );
  resolveTrainOptions({ ...all, layerwiseLrDecay: 0.9 }, { ...context, method: "full" });
  resolveTrainOptions({ ...all, outputDir: "x", evalSteps: 4, saveSteps: 6, loadBestModelAtEnd: false }, context);
  resolveTrainOptions({ ...all, outputDir: "x", evalSteps: 0.1, saveSteps: 0.3 }, context);
});

test("defaults follow from the trained weights and the given options", () => {
  const lora = resolveTrainOptions(all, context);
  assert.deepEqual(
    [
      lora.learningRate,
      lora.warmupRatio,
      lora.metricForBestModel,
      lora.greaterIsBetter,
      lora.loadBestModelAtEnd,
      lora.saveSteps,
    ],
    [1e-3, 0.1, "accuracy", true, true, 0.2],
  );
  const full = resolveTrainOptions({ train, lrSchedulerType: "cosine" }, { ...context, method: "full" });
  assert.deepEqual([full.learningRate, full.warmupRatio, full.loadBestModelAtEnd], [2e-5, 0, false]);
  assert.equal(resolveTrainOptions({ ...all, lrSchedulerType: "constant" }, context).warmupRatio, 0);
  assert.equal(resolveTrainOptions({ ...all, metricForBestModel: "eval_loss" }, context).greaterIsBetter, false);
  assert.equal(
    resolveTrainOptions(all, { ...context, problemType: "multi_label_classification" }).metricForBestModel,
    "f1",
  );
});

test("steps are counted as transformers counts them", () => {
  const plan = (options: Partial<TrainOptions>, examples = 100): ReturnType<typeof planSteps> =>
    planSteps(examples, resolveTrainOptions({ ...all, ...options }, context));
  // 100 examples in batches of 16 are 7, three of them a step are 3 steps an epoch; 2.5 epochs are 8 steps
  assert.deepEqual(plan({ gradientAccumulationSteps: 3, numTrainEpochs: 2.5 }), {
    stepsPerEpoch: 3,
    totalSteps: 8,
    warmupSteps: 1,
    evaluateEvery: 2,
    saveEvery: 2,
  });
  assert.deepEqual(plan({ maxSteps: 37, warmupSteps: 0.25, outputDir: "x", evalSteps: 0.2, saveSteps: 0.4 }), {
    stepsPerEpoch: 7,
    totalSteps: 37,
    warmupSteps: 10,
    evaluateEvery: 8,
    saveEvery: 16,
  });
  assert.equal(plan({ warmupSteps: 5, maxSteps: 20 }).warmupSteps, 5);
});
