import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";

import { readTextBatches } from "../../../src/cli/predict/text-stream";
import { loadClassifier, train } from "../../../src/index";
import { measureMatmul } from "../matmul-rate";
import { watchOps } from "../watch-ops";
import { serve } from "./serve";

/** One point of the curves of training. */
export interface TrainingPoint {
  readonly model: string;
  /** A JSON file of texts that are longer than any length. */
  readonly file: string;
  readonly batch: number;
  readonly length: number;
  readonly r: number;
  /** Steps that are measured, after one that is not. */
  readonly steps: number;
}

/** A process of its own for each point, so that its peak memory is the point's. */
void serve({
  async matmul() {
    return Math.max(...measureMatmul({ repeats: 15 }).map(({ best }) => best));
  },
  /** The fastest training step on texts of exactly `length` tokens, default dropout, and its matrix products. */
  async train({ model, file, batch, length, r, steps }: TrainingPoint) {
    const watch = watchOps({ extents: new Set() });
    const texts = JSON.parse(await readFile(file, "utf8")) as string[];
    const classifier = await loadClassifier(model, { seed: 42, maxLength: length });
    classifier.addAdapter({ r, loraAlpha: 2 * r, loraDropout: 0.1 });
    const rows = Array.from({ length: batch }, (_, i) => ({ text: texts[i % texts.length], label: i % 2 }));
    const seconds: number[] = [];
    let last = 0;
    let flop = 0;
    for await (const event of train(classifier, {
      train: rows,
      perDeviceTrainBatchSize: batch,
      numTrainEpochs: steps + 1,
      warmupRatio: 0,
    })) {
      if (event.type !== "step") continue;
      if (event.tokens !== batch * length)
        throw new Error(`The step was to have ${batch * length} tokens; it had ${event.tokens}.`);
      if (event.step > 1) seconds.push((performance.now() - last) / 1000);
      else flop = [...watch.byOp.values()].reduce((sum, total) => sum + total.flop, 0);
      watch.stop();
      last = performance.now();
    }
    return { seconds: Math.min(...seconds), gflop: flop / 1e9 };
  },
  /** Predicts the lines of a file, which are read as they are needed, as `tslora predict` does. */
  async stream({ model, file }: { model: string; file: string }) {
    const classifier = await loadClassifier(model, { seed: 42 });
    const start = performance.now();
    let done = 0;
    for await (const batch of readTextBatches(createReadStream(file), { kind: "lines", name: file }, { most: 256 })) {
      // The head is untrained, which predict refuses.
      await classifier.predictLogits(batch.flatMap((entry) => ("text" in entry ? [entry.text] : [])));
      done += batch.length;
    }
    return { seconds: (performance.now() - start) / 1000, texts: done };
  },
});
