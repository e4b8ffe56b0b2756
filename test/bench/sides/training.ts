import { readFile } from "node:fs/promises";

import { loadTensorFlow } from "../../../src/ops/load-tensorflow";
import { loadClassifier, train, type SequenceClassifier, type TrainEvent, type TrainSummary } from "../../../src/index";
import { serve } from "./serve";

/** Training to measure, as its user calls it. */
export interface TrainingSetting {
  readonly model: string;
  readonly method: "lora" | "full";
  readonly loraDropout: number;
  readonly r?: number;
  /** A JSON file of rows { text, label }. */
  readonly rows: string;
  readonly seed: number;
  readonly groupByLength: boolean;
  readonly batchSize: number;
  readonly maxLength: number;
  readonly bf16?: boolean;
}

let classifier: SequenceClassifier | undefined;
let run: AsyncGenerator<TrainEvent, TrainSummary, void> | undefined;

/** Our side of training: `train` itself, of which each request draws some steps more. */
void serve({
  async versions() {
    return { node: process.version, tensorflow: loadTensorFlow().version };
  },
  async begin({ model, method, loraDropout, r = 8, rows, seed, bf16 = false, ...batches }: TrainingSetting) {
    const { groupByLength, batchSize, maxLength } = batches;
    await run?.return(undefined as never);
    classifier?.dispose();
    classifier = await loadClassifier(model, { seed, maxLength });
    if (method === "lora") classifier.addAdapter({ r, loraAlpha: 2 * r, loraDropout });
    else classifier.trainAllWeights();
    const data = JSON.parse(await readFile(rows, "utf8")) as { text: string; label: number }[];
    run = train(classifier, {
      train: data,
      numTrainEpochs: 1,
      seed,
      groupByLength,
      perDeviceTrainBatchSize: batchSize,
      warmupSteps: 0,
      bf16,
    });
    const first = await run.next(); // tokens are made before the start is reported
    if (first.value.type !== "start") throw new Error(`The first event was ${first.value.type}.`);
    return { trainable: first.value.trainableParameters };
  },
  async steps({ count }: { count: number }) {
    if (run === undefined) throw new Error("begin first");
    const start = performance.now();
    const losses: number[] = [];
    let tokens = 0;
    while (losses.length < count) {
      const { value: event, done } = await run.next();
      if (event.type === "step") [losses[losses.length], tokens] = [event.loss, tokens + event.tokens];
      if (done === true) throw new Error(`The epoch ended after ${losses.length} of ${count} steps.`);
    }
    return { seconds: (performance.now() - start) / 1000, losses, tokens };
  },
});
