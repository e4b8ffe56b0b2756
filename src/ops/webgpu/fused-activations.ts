import type { Ops } from "../ops";
import { expectShapes } from "./expect-shapes";
import { gatedBackwardProgram, gatedProgram } from "./programs/gated";
import type { ProductSums } from "./product-sums";
import type { ProgramRunner } from "./program-runner";

/** Activations in one pass each. */
export function fusedActivations(
  runner: ProgramRunner,
  sums: ProductSums,
): Pick<Ops, "gelu" | "gated" | "gatedBackward"> {
  return {
    gelu: (x, { activation = "gelu", derivative }) => sums.finish(x.shape, { plus: [x], activation, derivative }),
    gated: (x, { activation }) => {
      const [rows, columns] = [x.shape[0], Math.floor(x.shape[1] / 2)];
      expectShapes("gated", { x: [x, [rows, 2 * columns]] });
      return runner.one(gatedProgram(activation), {
        shape: [rows, columns],
        inputs: [x],
        count: rows * columns,
        uniforms: [columns],
      });
    },
    gatedBackward: (dy, x, { activation }) => {
      const [rows, columns] = dy.shape;
      expectShapes("gatedBackward", { dy: [dy, [rows, columns]], x: [x, [rows, 2 * columns]] });
      return runner.one(gatedBackwardProgram(activation), {
        shape: x.shape,
        inputs: [dy, x],
        count: rows * columns,
        uniforms: [columns],
      });
    },
  };
}
