import type { Random } from "../../../src/base/random";
import { applyCalibration } from "../../../src/evaluation/calibration/apply-calibration";
import { CALIBRATION_METHODS, type CalibrationMethod } from "../../../src/evaluation/calibration/calibration";
import { calibrationCurve } from "../../../src/evaluation/calibration/calibration-curve";
import {
  expectedCalibrationError,
  maximumCalibrationError,
} from "../../../src/evaluation/calibration/calibration-error";
import { fitCalibration } from "../../../src/evaluation/calibration/fit-calibration";
import { estimatePriors } from "../../../src/evaluation/shift/prior-correction";
import { softmax } from "../../../src/evaluation/softmax";
import { difference } from "../../evaluation/metric-calls";
import type { Measure, ParityLine } from "../parity-line";

interface Case {
  readonly logits: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly fresh: readonly (readonly number[])[];
  readonly bins: number;
}

type Answer = Readonly<Record<CalibrationMethod, readonly (readonly number[])[]>> & {
  readonly curves: unknown;
  readonly errors: unknown;
  readonly priors: unknown;
};

/** scikit-learn's optimizers end before ours: at a gradient of 1e-6, and a temperature some 1e-8 off. */
const BOUNDS: Readonly<Record<string, number>> = { temperature: 1e-6, sigmoid: 1e-4 };

export const line: ParityLine = {
  title: "calibration curves and errors, fitted calibrations, class shares",
  against: "scikit-learn, formulas",
  async run({ random, cases, python }) {
    const drawn = Array.from({ length: cases(60) }, () => draw(random));
    const expected = (await python(drawn)) as readonly Answer[];
    const measures = new Map<string, Measure>();
    drawn.forEach((one, i) => {
      for (const [what, value] of Object.entries(answer(one))) {
        const found = difference(value, expected[i][what as keyof Answer]);
        const { cases: before, largest } = measures.get(what) ?? { cases: 0, largest: 0 };
        const total = Number.isNaN(largest) || found <= largest ? largest : found;
        measures.set(what, {
          what,
          bound: BOUNDS[what] ?? 1e-10,
          cases: before + 1,
          largest: total,
          worst: `case ${i}`,
        });
      }
    });
    return [...measures.values()];
  },
};

/** Logits that are too sure or not sure enough; every class occurs, and some text is wrong. */
function draw(random: Random): Case {
  const classes = 2 + random.below(4);
  const n = 60 + random.below(200);
  const sharpness = 0.3 + 4 * random.uniform();
  const texts = (count: number): { logits: number[][]; labels: number[] } => {
    const labels = Array.from({ length: count }, (_, i) => (i < classes ? i : random.below(classes)));
    const logits = labels.map((own) =>
      Array.from({ length: classes }, (_, label) => sharpness * (random.normal() + (label === own ? 1 : 0))),
    );
    return { logits, labels };
  };
  return { ...texts(n), fresh: texts(20).logits, bins: 2 + random.below(18) };
}

function answer({ logits, labels, fresh, bins }: Case): Answer {
  const rows = logits.map((row) => softmax(row).probabilities);
  const strategies = ["uniform", "quantile"] as const;
  const calibrated = (method: CalibrationMethod): number[][] =>
    applyCalibration(fitCalibration(logits, labels, { method }), fresh);
  const [temperature, sigmoid, isotonic] = CALIBRATION_METHODS.map(calibrated);
  return {
    curves: strategies.map((strategy) => {
      const curve = calibrationCurve(
        labels,
        rows.map(([, second]) => second),
        { bins, strategy },
      );
      return [curve.probTrue, curve.probPred];
    }),
    errors: strategies.map((strategy) => [
      expectedCalibrationError(labels, rows, { bins, strategy }),
      maximumCalibrationError(labels, rows, { bins, strategy }),
    ]),
    priors: estimatePriors(rows, { trainPriors: rows[0].map(() => 1 / rows[0].length) }).priors,
    temperature,
    sigmoid,
    isotonic,
  };
}
