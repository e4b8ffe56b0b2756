import { join } from "node:path";

import type { TrainOptions } from "../../../src/training/options/train-options";
import { LOG_FILE, readLog } from "../../../src/training/log/training-log";
import { train } from "../../../src/training/train";
import { classifier, data, validation } from "../../training/tiny";
import type { ParityLine } from "../parity-line";

/** Scalars that tensorboard read: for each tag, steps and values. */
type Scalars = Readonly<Record<string, readonly (readonly [number, number])[]>>;

export const line: ParityLine = {
  title: "TensorBoard event files",
  against: "tensorboard",
  async run({ random, folder, cases, python }) {
    const runs = cases(8);
    const directories: string[] = [];
    for (let i = 0; i < runs; i++) {
      const outputDir = join(folder, `run-${i}`);
      const options: TrainOptions = {
        train: data,
        validation,
        outputDir,
        maxSteps: 6 + random.below(20),
        evalSteps: 1 + random.below(4),
        loadBestModelAtEnd: false,
        saveSteps: 1 + random.below(5),
        reportTo: "tensorboard",
        seed: random.below(1000),
      };
      // Every run is stopped and resumed up to three times; each step must be there once.
      for (let part = random.below(4); part >= 0; part--) {
        const c = await classifier();
        c.addAdapter({ r: 2 });
        const stop = new AbortController();
        let left = 1 + random.below(5);
        for await (const event of train(c, {
          ...options,
          signal: stop.signal,
          ...(directories.includes(outputDir) ? { resumeFrom: "last" } : {}),
        }))
          if (event.type === "step" && part > 0 && --left === 0) stop.abort();
        if (!directories.includes(outputDir)) directories.push(outputDir);
        c.dispose();
      }
    }
    const read = (await python(directories.map((directory) => join(directory, "runs")))) as Scalars[];
    let [largest, missing, scalars] = [0, 0, 0];
    for (const [i, directory] of directories.entries()) {
      const expected: Record<string, Map<number, number>> = {};
      for (const written of await readLog(join(directory, LOG_FILE))) {
        for (const [name, value] of Object.entries(written)) {
          if (typeof value !== "number" || name === "step" || ("eval_loss" in written && name === "epoch")) continue;
          const tag = name.startsWith("eval_") ? `eval/${name.slice("eval_".length)}` : `train/${name}`;
          (expected[tag] ??= new Map()).set(written.step, value);
        }
      }
      for (const tag of new Set([...Object.keys(expected), ...Object.keys(read[i])])) {
        const found = read[i][tag] ?? [];
        const values = expected[tag] ?? new Map<number, number>();
        if (found.length !== values.size || found.some(([step]) => !values.has(step))) missing++;
        for (const [step, value] of found) {
          scalars++;
          const wanted = values.get(step) ?? NaN;
          const difference = Math.abs(value - wanted) / Math.max(1e-30, Math.abs(wanted));
          if (value !== wanted && !(difference <= largest)) largest = difference;
        }
      }
    }
    return [
      { what: "tags and steps, each once, also after going on", cases: runs, largest: missing, bound: 0 },
      { what: "values, relative, as 32-bit floats", cases: scalars, largest, bound: 1e-7 },
    ];
  },
};
