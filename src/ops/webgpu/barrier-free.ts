import type { Primitives } from "../primitives";
import { sizeOf } from "../tensor";
import { areEqual } from "./expect-shapes";
import { SUM_AXES } from "./programs/sum-axes";
import { MOST_AXES, transposeProgram } from "./programs/transpose";
import type { ProgramRunner } from "./program-runner";

/** Most terms that one invocation sums; tfjs sums more. */
const MOST_TERMS = 2 ** 12;

/**
 * Transposition and sums for a software adapter, without barriers. On a GPU, tfjs's programs are the faster ones: they
 * read and write consecutive numbers, and share long sums.
 */
export function barrierFree(
  runner: ProgramRunner,
  tfjs: Pick<Primitives, "reshape" | "transpose" | "sum">,
): Pick<Primitives, "transpose" | "sum"> {
  return {
    transpose: (x, permutation) => {
      const { shape: before } = x;
      const isPermutation = areEqual(
        [...permutation].sort((a, b) => a - b),
        before.map((_, axis) => axis),
      );
      if (!isPermutation || before.length > MOST_AXES || !runner.hasFloats(x)) return tfjs.transpose(x, permutation);
      const shape = permutation.map((axis) => before[axis]);
      const moved = permutation.filter((axis) => before[axis] !== 1);
      const isReshape = moved.every((axis, i) => i === 0 || axis > moved[i - 1]);
      if (isReshape) return tfjs.reshape(x, shape); // copies nothing, where tfjs's transposition takes a pass
      return runner.one(transposeProgram(shape.length), {
        shape,
        inputs: [x],
        count: sizeOf(shape),
        uniforms: [...shape, ...permutation.map((axis) => sizeOf(before.slice(axis + 1)))],
      });
    },
    sum: (x, axes, options = {}) => {
      const sorted = axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis)).sort((a, b) => a - b);
      const [first = 0] = sorted;
      const end = first + sorted.length;
      const terms = sizeOf(x.shape.slice(first, end));
      const isBlock = first >= 0 && end <= x.shape.length && sorted.every((axis, i) => axis === first + i);
      if (!isBlock || terms === 0 || terms > MOST_TERMS || !runner.hasFloats(x)) return tfjs.sum(x, axes, options);
      const [outer, inner] = [x.shape.slice(0, first), x.shape.slice(end)];
      const ones = options.keepDims === true ? sorted.map(() => 1) : [];
      return runner.one(SUM_AXES, {
        shape: [...outer, ...ones, ...inner],
        inputs: [x],
        count: sizeOf(outer) * sizeOf(inner),
        uniforms: [terms, sizeOf(inner)],
      });
    },
  };
}
