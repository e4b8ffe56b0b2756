import type { Primitives } from "../primitives";
import { sizeOf } from "../tensor";
import { SUM_AXES } from "./programs/sum-axes";
import { MOST_AXES, transposeProgram } from "./programs/transpose";
import type { ProgramRunner } from "./program-runner";

/** The longest sums that one invocation computes. */
const MOST_TERMS = 2 ** 12;

/**
 * Transposition and sums for a software adapter, without barriers. On a GPU, tfjs's programs are the faster ones: they
 * read and write consecutive numbers, and share long sums.
 */
export function barrierFree(
  runner: ProgramRunner,
  tfjs: Pick<Primitives, "transpose" | "sum">,
): Pick<Primitives, "transpose" | "sum"> {
  return {
    transpose: (x, permutation) => {
      const moved = permutation.filter((axis) => x.shape[axis] !== 1);
      const isReshape = moved.every((axis, i) => i === 0 || axis > moved[i - 1]); // tfjs then copies nothing
      if (isReshape || x.shape.length > MOST_AXES || !runner.hasFloats(x)) return tfjs.transpose(x, permutation);
      const shape = permutation.map((axis) => x.shape[axis]);
      const steps = permutation.map((axis) => sizeOf(x.shape.slice(axis + 1)));
      return runner.one(transposeProgram(shape.length), shape, {
        inputs: [x],
        count: sizeOf(shape),
        uniforms: [...shape, ...steps],
      });
    },
    sum: (x, axes, options = {}) => {
      const sorted = [...axes].sort((a, b) => a - b);
      const [first = 0] = sorted;
      const end = first + sorted.length;
      const terms = sizeOf(x.shape.slice(first, end));
      const isBlock = sorted.every((axis, i) => axis === first + i) && end <= x.shape.length;
      if (!isBlock || terms === 0 || terms > MOST_TERMS) return tfjs.sum(x, axes, options);
      const [outer, inner] = [x.shape.slice(0, first), x.shape.slice(end)];
      const kept = options.keepDims === true ? sorted.map(() => 1) : [];
      return runner.one(SUM_AXES, [...outer, ...kept, ...inner], {
        inputs: [x],
        count: sizeOf(outer) * sizeOf(inner),
        uniforms: [terms, sizeOf(inner)],
      });
    },
  };
}
