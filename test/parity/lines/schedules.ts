import { learningRateAt } from "../../../src/training/learning-rate";
import type { ParityLine } from "../parity-line";

interface Case {
  readonly kind: "linear" | "constant";
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
      return { kind: random.below(2) === 0 ? "linear" : "constant", peak: 10 ** (-5 + 4 * random.uniform()), warmupSteps: random.below(totalSteps + 1), totalSteps };
    });
    const expected = (await python(drawn)) as number[][];
    let largest = 0;
    drawn.forEach((options, i) => expected[i].forEach((rate, step) => (largest = Math.max(largest, Math.abs(rate - learningRateAt(step, options)) / options.peak))));
    return [{ what: "rate of every step, relative to the peak", cases: drawn.length, largest, bound: 1e-12 }];
  },
};
