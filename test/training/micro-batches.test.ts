import { test } from "node:test";

import type { Ops } from "../../src/ops/ops";
import type { TrainEvent } from "../../src/training/train-event";
import type { TrainOptions } from "../../src/training/options/train-options";
import { expectWithin, NOTHING } from "../ops/expect-within";
import type { Bounded } from "../ops/bounded-tensor";
import { sampleRounding } from "../ops/sample-rounding";
import { classifier, data, eventsOf, ops, runToEnd, several, validation, type EventOf } from "./tiny";

const steps = (events: readonly TrainEvent[]): EventOf<"step">[] => eventsOf("step", events);

/** A run by whole batches and one by parts: the same in double precision, and in 32 bits up to rounding. */
function expectSameRun(
  found: Readonly<Record<"whole" | "parts", readonly number[]>>,
  exact: ReadonlyMap<string, Bounded>,
  what: string,
): void {
  const [whole, parts] = [exact.get("whole") ?? NOTHING, exact.get("parts") ?? NOTHING];
  // A run reads losses and norms as 32-bit floats, and so do its steps in turn.
  expectWithin(
    parts.values,
    { values: whole.values, bounds: whole.values.map((value) => 2 ** -20 * Math.max(1, Math.abs(value))) },
    { what: `${what}, in double precision` },
  );
  const bounds = whole.bounds.map((bound, i) => bound + parts.bounds[i]);
  for (const way of ["whole", "parts"] as const)
    expectWithin(found[way], { values: whole.values, bounds }, { what: `${what}, ${way}` });
}

test("parts of a batch add up to the batch: the split by tokens does not change the run", async () => {
  const lossesWith = async (maxTokensPerPass: number, on: Ops = ops): Promise<number[]> => {
    const c = await classifier("bert", { dropout: 0, on });
    c.addAdapter({ r: 2, loraDropout: 0 });
    const events = await runToEnd(c, { maxSteps: 4, maxTokensPerPass });
    c.dispose();
    return steps(events).map(({ loss }) => loss);
  };
  const exact = await sampleRounding(
    async (on) =>
      new Map([
        ["whole", await lossesWith(10_000, on)],
        ["parts", await lossesWith(12, on)],
      ]),
  );
  expectSameRun({ whole: await lossesWith(10_000), parts: await lossesWith(12) }, exact, "by tokens");
});

test("micro-batches add up to the batch, with and without class weights, one label per text or several", async () => {
  for (const options of [
    {},
    { classWeights: [0.5, 3] },
    { classWeights: [0.5, 3], labelSmoothing: 0.2 },
    { focalGamma: 2 },
    { several: true, classWeights: [2, 0.5] },
  ] as const) {
    const { several: multi = false, ...more } = options as { several?: boolean };
    const lossesWith = async (batch: Partial<TrainOptions>, on: Ops = ops): Promise<number[]> => {
      const c = await classifier("distilbert", {
        dropout: 0,
        on,
        problemType: multi ? "multi_label_classification" : "single_label_classification",
      });
      c.addAdapter({ r: 2, loraDropout: 0 });
      const events = await runToEnd(c, {
        ...more,
        maxSteps: 4,
        learningRate: 0.005,
        ...(multi ? { train: several(data), validation: several(validation) } : {}),
        ...batch,
      });
      c.dispose();
      return [...steps(events).map(({ loss }) => loss), eventsOf("start", events)[0].stepsPerEpoch];
    };
    const whole = { perDeviceTrainBatchSize: 12 };
    const parts = { perDeviceTrainBatchSize: 3, gradientAccumulationSteps: 4 };
    const exact = await sampleRounding(
      async (on) =>
        new Map([
          ["whole", await lossesWith(whole, on)],
          ["parts", await lossesWith(parts, on)],
        ]),
    );
    expectSameRun({ whole: await lossesWith(whole), parts: await lossesWith(parts) }, exact, JSON.stringify(options));
  }
});
