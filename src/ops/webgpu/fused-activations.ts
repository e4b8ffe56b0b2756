import { sizeOf } from "../tensor";
import type { Ops } from "../ops";
import { gatedBackwardProgram, gatedProgram } from "./programs/gated";
import type { FusedProducts } from "./fused-products";
import type { ProgramRunner } from "./program-runner";

/** Activations in one pass each. */
export function fusedActivations(
  runner: ProgramRunner,
  products: FusedProducts,
): Pick<Ops, "gelu" | "gated" | "gatedBackward"> {
  return {
    gelu: (x, { activation = "gelu", derivative }) => products.finish(x.shape, { plus: [x], activation, derivative }),
    gated: (x, { activation }) => {
      const [rows, columns] = [x.shape[0], x.shape[1] / 2];
      return runner.one(gatedProgram(activation), [rows, columns], {
        inputs: [x],
        count: rows * columns,
        uniforms: [columns],
      });
    },
    gatedBackward: (dy, x, { activation }) =>
      runner.one(gatedBackwardProgram(activation), x.shape, {
        inputs: [dy, x],
        count: sizeOf(dy.shape),
        uniforms: [dy.shape[1]],
      }),
  };
}
