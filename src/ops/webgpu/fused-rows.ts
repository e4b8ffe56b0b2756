import type { Primitives } from "../primitives";
import { sizeOf, type Tensor } from "../tensor";
import { GATHER_ROWS } from "./programs/gather-rows";
import { joinRowsProgram, MOST_PARTS, splitRowsProgram } from "./programs/split-rows";
import type { ProgramRunner } from "./program-runner";

/**
 * Rows by index; and splitting and joining along the first axis, in one pass for every seven parts, where tfjs takes
 * one for each part.
 */
export function fusedRows(
  runner: ProgramRunner,
  tfjs: Pick<Primitives, "concatRows" | "gatherRows">,
): Pick<Primitives, "splitRows" | "concatRows" | "gatherRows"> {
  return {
    gatherRows: (x, indices) => {
      if (!runner.hasFloats(x)) return tfjs.gatherRows(x, indices);
      const row = x.shape.slice(1);
      const shape = [...indices.shape, ...row];
      return runner.one(GATHER_ROWS, shape, {
        inputs: [x, indices],
        count: sizeOf(shape),
        uniforms: [sizeOf(row)],
      });
    },
    splitRows: (x, rows) => {
      const parts = rows.map((count) => runner.empty([count, ...x.shape.slice(1)]));
      inPasses(parts, (some, call) =>
        runner.run(splitRowsProgram(some.length), { ...call, outputs: some, inputs: [x] }),
      );
      return parts;
    },
    concatRows: (parts) => {
      if (parts.some((part) => !runner.hasFloats(part))) return tfjs.concatRows(parts);
      const rows = parts.reduce((sum, { shape }) => sum + shape[0], 0);
      const x = runner.empty([rows, ...parts[0].shape.slice(1)]);
      inPasses(parts, (some, call) =>
        runner.run(joinRowsProgram(some.length), { ...call, outputs: [x], inputs: some }),
      );
      return x;
    },
  };
}

/** Passes over consecutive parts, without those that are empty. */
function inPasses(
  parts: readonly Tensor[],
  run: (some: readonly Tensor[], call: { count: number; uniforms: readonly number[] }) => void,
): void {
  const filled = parts.filter(({ shape }) => sizeOf(shape) > 0);
  for (let from = 0, first = 0; from < filled.length; from += MOST_PARTS) {
    const some = filled.slice(from, from + MOST_PARTS);
    let count = 0;
    const ends = some.map(({ shape }) => (count += sizeOf(shape)));
    run(some, { count, uniforms: [first, ...ends] });
    first += count;
  }
}
