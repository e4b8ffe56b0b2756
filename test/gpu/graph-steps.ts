import { graphOps } from "../../src/ops/graph-ops";
import { loadTensorFlow } from "../../src/ops/load-tensorflow";
import type { Ops } from "../../src/ops/ops";
import { tensorflowOps } from "../../src/ops/tensorflow-ops";
import { train } from "../../src/training/train";
import { tinyClassifier } from "../lora/tiny";
import { expectedOf, TINY_MODELS } from "../model/fixture";

/** Most calls of TensorFlow in a step. */
export const MOST_CALLS = 10;
const STEPS = 20;

/** Twenty recorded steps beside the same steps by separate operations. */
export interface GraphSteps {
  readonly kind: string;
  /** Largest difference of losses and gradient norms. */
  readonly difference: number;
  /** Most calls of TensorFlow in one step. */
  readonly calls: number;
  /** Seconds of the last ten steps: separate operations, graph functions. */
  readonly seconds: readonly [number, number];
  readonly functions: number;
}

async function steps(kind: string, ops: Ops): Promise<{ numbers: number[]; calls: number; seconds: number }> {
  const { binding } = loadTensorFlow();
  const { documents, labels } = expectedOf(kind);
  const examples = documents.map((ids, i) => ({ text: ids.join(" "), label: labels[i] }));
  const classifier = await tinyClassifier(kind, ops);
  classifier.addAdapter({ r: 2, loraDropout: 0.1, targetModules: "all-linear" });
  const numbers: number[] = [];
  let [executed, calls, half] = [binding.executions(), 0, 0];
  const options = { maxSteps: STEPS, perDeviceTrainBatchSize: examples.length, learningRate: 0.01, loggingSteps: 1 };
  for await (const event of train(classifier, { train: examples, ...options })) {
    if (event.type !== "step") continue;
    numbers.push(event.loss, event.gradNorm);
    calls = Math.max(calls, binding.executions() - executed);
    executed = binding.executions();
    if (event.step === STEPS / 2) half = performance.now();
  }
  const seconds = (performance.now() - half) / 1000;
  classifier.dispose();
  return { numbers, calls, seconds };
}

/** Steps of each tiny model on this device, both ways. */
export async function compareGraphSteps(): Promise<GraphSteps[]> {
  const [separate, graph] = [tensorflowOps(), graphOps()];
  const rows: GraphSteps[] = [];
  for (const kind of TINY_MODELS) {
    const before = graph.recording?.counts().recorded ?? 0;
    const [a, b] = [await steps(kind, separate), await steps(kind, graph)];
    const difference = Math.max(
      ...a.numbers.map((value, i) => Math.abs(value - b.numbers[i]) / Math.max(1, Math.abs(value))),
    );
    const functions = (graph.recording?.counts().recorded ?? 0) - before;
    rows.push({ kind, difference, calls: b.calls, seconds: [a.seconds, b.seconds], functions });
  }
  return rows;
}
