import { sharedOps } from "../../../src/ops/shared-ops";
import {
  classificationLoss,
  lossWeight,
  type ClassificationLoss,
  type ExampleLabel,
} from "../../../src/training/loss/classification-loss";
import { lossOfLogits } from "../../../src/training/loss/loss-of-logits";
import { maxDifference } from "../../model/fixture";
import type { Measure, ParityLine } from "../parity-line";

interface Case {
  readonly loss: ClassificationLoss;
  readonly labels: readonly ExampleLabel[];
  /** 32-bit floats. */
  readonly logits: readonly (readonly number[])[];
}

export const line: ParityLine = {
  title: "losses and their gradients",
  against: "torch",
  async run({ random, cases, python }) {
    const ops = sharedOps();
    const drawn = Array.from({ length: cases(600) }, (): Case => {
      const [examples, classes, multi] = [1 + random.below(12), 2 + random.below(5), random.below(3) === 0];
      const kind = random.below(3); // plain, smoothed, focal
      const loss: ClassificationLoss = {
        problemType: multi ? "multi_label_classification" : "single_label_classification",
        labelSmoothing: kind === 1 && !multi ? random.uniform() : 0,
        focalGamma: kind === 2 ? 0.2 + 4 * random.uniform() : 0,
        ...(random.below(2) === 0
          ? {}
          : { classWeights: Array.from({ length: classes }, () => Math.fround(0.05 + 5 * random.uniform())) }),
      };
      const spread = 10 ** (-1 + 2.3 * random.uniform());
      return {
        loss,
        labels: Array.from({ length: examples }, () =>
          multi ? Array.from({ length: classes }, () => random.below(2)) : random.below(classes),
        ),
        logits: Array.from({ length: examples }, () =>
          Array.from({ length: classes }, () => Math.fround(spread * random.normal())),
        ),
      };
    });
    const expected = (await python(drawn)) as { loss: number; gradient: number[] }[];
    const found: Measure[] = [
      { what: "loss on the device, relative above 1", cases: drawn.length, largest: 0, bound: 1e-5 },
      { what: "loss in memory, relative above 1", cases: drawn.length, largest: 0, bound: 1e-10 },
      { what: "gradient", cases: drawn.length, largest: 0, bound: 1e-5 },
    ];
    const note = (index: number, difference: number, what: string): void => {
      if (!(difference <= found[index].largest)) found[index] = { ...found[index], largest: difference, worst: what };
    };
    for (const [i, c] of drawn.entries()) {
      const classes = c.logits[0].length;
      const flat = Float32Array.from(c.logits.flat());
      const logits = ops.float(flat, [c.logits.length, classes]);
      const result = classificationLoss(logits, {
        ops,
        labels: c.labels,
        loss: c.loss,
        divisor: lossWeight(c.labels, c.loss),
      });
      const scale = Math.max(1, Math.abs(expected[i].loss));
      const what = JSON.stringify(c.loss);
      note(0, Math.abs((await ops.read(result.loss))[0] - expected[i].loss) / scale, what);
      note(
        1,
        Math.abs(lossOfLogits(flat, { classes, labels: c.labels, loss: c.loss }) - expected[i].loss) / scale,
        what,
      );
      note(2, maxDifference(await ops.read(result.dLogits), expected[i].gradient), what);
      ops.dispose(logits, result.loss, result.dLogits);
    }
    return found;
  },
};
