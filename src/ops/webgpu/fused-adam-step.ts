import type { Ops } from "../ops";
import { sizeOf } from "../tensor";
import { expectShapes } from "./expect-shapes";
import { adamStepProgram } from "./programs/adam-step";
import type { ProgramRunner } from "./program-runner";

/** A step of AdamW in one pass. */
export function fusedAdamStep(runner: ProgramRunner): Pick<Ops, "adamStep"> {
  return {
    adamStep: (
      { value, gradient, factor, moments },
      { beta1, beta2, epsilon, step, learningRate, decayFactor = 1 },
    ) => {
      const { shape } = value;
      const isNumber = typeof factor === "number";
      expectShapes("adamStep", {
        gradient: [gradient, shape],
        factor: [isNumber ? undefined : factor, [1]],
        m: [moments?.m, shape],
        v: [moments?.v, shape],
      });
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
          ...[learningRate / (1 - beta1 ** step), decayFactor],
          ...(isNumber ? [factor] : []),
        ],
      });
      return { value: updated, moments: { m, v } };
    },
  };
}
