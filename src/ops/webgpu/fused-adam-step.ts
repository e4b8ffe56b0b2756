import type { Ops } from "../ops";
import { sizeOf } from "../tensor";
import { adamStepProgram } from "./programs/adam-step";
import type { ProgramRunner } from "./program-runner";

/** A step of AdamW in one pass. */
export function fusedAdamStep(runner: ProgramRunner): Pick<Ops, "adamStep"> {
  return {
    adamStep: ({ value, gradient, factor, moments }, { beta1, beta2, epsilon, step, learningRate, kept = 1 }) => {
      const { shape } = value;
      const isNumber = typeof factor === "number";
      const [updated, m, v] = runner.run(adamStepProgram({ moments: moments !== undefined, factor: !isNumber }), {
        outputs: [shape, shape, shape],
        inputs: [
          ...[value, gradient],
          ...(isNumber ? [] : [factor]),
          ...(moments === undefined ? [] : [moments.m, moments.v]),
        ],
        count: sizeOf(shape),
        uniforms: [
          ...[beta1, beta2, 1 - beta1, 1 - beta2, epsilon, 1 / Math.sqrt(1 - beta2 ** step)],
          ...[learningRate / (1 - beta1 ** step), kept],
          ...(isNumber ? [factor] : []),
        ],
      });
      return { value: updated, moments: { m, v } };
    },
  };
}
