import { join } from "node:path";

import { readTrainingLog } from "../../../src/training/log/read-training-log";
import type { TrainOptions } from "../../../src/training/options/train-options";
import type { ChildTask } from "../../training/kill-child";
import { resumed, runChild } from "../../training/killed-run";
import { eventsOf } from "../../training/tiny";
import type { ParityLine } from "../parity-line";

export const line: ParityLine = {
  title: "kill -9 at any moment, then resumed",
  against: "the run that was never stopped",
  async run({ random, folder, cases, note }) {
    const kills = cases(30);
    let [done, runs, unequal, twice, whileSaving, betweenSteps] = [0, 0, 0, 0, 0, 0];
    while (done < kills) {
      const options: Partial<TrainOptions> = {
        maxSteps: 6 + random.below(8),
        perDeviceTrainBatchSize: 2 + random.below(6),
        gradientAccumulationSteps: 1 + random.below(2),
        evalSteps: 2,
        saveSteps: 2 * (1 + random.below(2)),
        saveTotalLimit: 1 + random.below(3),
        seed: random.below(1000),
        ...(random.below(2) === 0 ? { classWeights: "balanced" } : { lrSchedulerType: "cosine" }),
      };
      const task = (name: string): ChildTask => ({
        method: runs % 2 === 0 ? "lora" : "full",
        options: { ...options, outputDir: join(folder, `${runs}-${name}`) },
      });
      const whole = await runChild(task("whole"));
      if (whole.kind !== "done") throw new Error("the run that is not to be killed was killed");
      // Killed up to three times: at a change of the file system, which is a moment of saving or logging, or at some
      // time.
      for (let k = 0; k < 3 && done < kills; k++) {
        const saving = random.below(2) === 0;
        const end = await runChild({
          ...resumed(task("killed")),
          ...(saving ? { killAtChange: 1 + random.below(whole.changes) } : { killAfter: random.below(1500) }),
        });
        if (end.kind === "done") break; // it was through before
        done++;
        if (saving) whileSaving++;
        else betweenSteps++;
      }
      const last = await runChild(resumed(task("killed")));
      if (last.kind !== "done" || last.hash !== whole.hash) unequal++;
      const numbers = async (name: string): Promise<string> =>
        JSON.stringify(
          eventsOf("step", await readTrainingLog(join(folder, `${runs}-${name}`))).map(({ step, loss, gradNorm }) => [
            step,
            loss,
            gradNorm,
          ]),
        );
      if ((await numbers("killed")) !== (await numbers("whole"))) twice++;
      runs++;
      note(`${done} of ${kills} kills, ${runs} runs, ${unequal} with other weights`);
    }
    return [
      {
        what: `weights at the end, after ${whileSaving} kills at a change of files and ${betweenSteps} at a time`,
        cases: done,
        largest: unequal,
        bound: 0,
      },
      { what: "the log: each step once, with its numbers", cases: runs, largest: twice, bound: 0 },
    ];
  },
};
