import { learningRateAt } from "../../../src/training/optimizer/learning-rate";
import type { LrSchedulerType } from "../../../src/training/options/train-options";
import type { ParityLine } from "../parity-line";

const KINDS: readonly LrSchedulerType[] = ["linear", "cosine", "constant", "constant_with_warmup"];

interface Case {
  readonly kind: LrSchedulerType;
  readonly peak: number;
  readonly warmupSteps: number;
  readonly totalSteps: number;
}

export const line: ParityLine = {
  title: "learning rate schedules",
  against: "transformers",
  async run({ random, cases, python }) {
    const drawn: Case[] = Array.from({ length: cases(200) }, () => {
      const totalSteps = 1 + random.below(300);
      return {
        kind: KINDS[random.below(KINDS.length)],
        peak: 10 ** (-5 + 4 * random.uniform()),
        warmupSteps: random.below(totalSteps + 1),
        totalSteps,
      };
    });
    const expected = (await python(drawn)) as number[][];
    let largest = 0;
    drawn.forEach((options, i) =>
      expected[i].forEach(
        (rate, step) => (largest = Math.max(largest, Math.abs(rate - learningRateAt(step, options)) / options.peak)),
      ),
    );
    return [{ what: "rate of every step, relative to the peak", cases: drawn.length, largest, bound: 1e-12 }];
  },
};
