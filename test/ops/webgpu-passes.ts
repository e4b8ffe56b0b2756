import { median } from "../../src/base/median";
import type { Ops } from "../../src/ops/ops";
import type { WebgpuDevice } from "../../src/ops/webgpu/webgpu-ops";
import { train } from "../../src/training/train";
import { batchOf, expectedOf } from "../model/fixture";
import { data } from "../training/tiny";
import { tinyClassifier } from "./tiny-classifier";

/** Passes over the device and milliseconds of one piece of work. */
export interface Passes {
  readonly passes: number;
  /** Median of those measured. */
  readonly milliseconds: number;
}

/** Options of {@link measurePasses}. */
export interface MeasurePassesOptions {
  /** Steps of training, and predictions. */
  readonly repetitions: number;
  /** The first ones, which compile programs and are not measured. */
  readonly warmUp: number;
  /** Rate of every dropout. */
  readonly dropout: number;
}

/** Measures a training step of the tiny BERT with LoRA on every layer, and a prediction of its documents. */
export async function measurePasses(
  backend: WebgpuDevice["backend"],
  ops: Ops,
  { repetitions, warmUp, dropout }: MeasurePassesOptions,
): Promise<{ step: Passes; prediction: Passes }> {
  const submit = backend.recordAndSubmit.bind(backend);
  let passes = 0;
  backend.recordAndSubmit = (...values) => {
    passes++;
    submit(...values);
  };
  const measured = { step: [] as Passes[], prediction: [] as Passes[] };
  let [before, start] = [0, performance.now()];
  const note = (kind: keyof typeof measured): void => {
    const now = performance.now();
    measured[kind].push({ passes: passes - before, milliseconds: now - start });
    [before, start] = [passes, now];
  };
  let c: Awaited<ReturnType<typeof tinyClassifier>> | undefined;
  try {
    c = await tinyClassifier(ops, { dropout, onWebgpu: true });
    c.addAdapter({ r: 4, loraDropout: dropout, targetModules: "all-linear" });
    const options = { maxSteps: repetitions, perDeviceTrainBatchSize: 4, loggingSteps: 1, seed: 3 };
    [before, start] = [passes, performance.now()];
    for await (const event of train(c, { train: data, learningRate: 0.01, ...options }))
      if (event.type === "step") note("step");
    const batch = batchOf(expectedOf("bert"));
    [before, start] = [passes, performance.now()];
    for (let i = 0; i < repetitions; i++) {
      const logits = c.model.predict(batch);
      await ops.read(logits);
      ops.dispose(logits);
      note("prediction");
    }
  } finally {
    backend.recordAndSubmit = submit;
    c?.dispose();
  }
  const summary = (all: readonly Passes[]): Passes => ({
    passes: Math.max(...all.slice(warmUp).map((each) => each.passes)),
    milliseconds: median(all.slice(warmUp).map(({ milliseconds }) => milliseconds)),
  });
  return { step: summary(measured.step), prediction: summary(measured.prediction) };
}
