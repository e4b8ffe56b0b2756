import type { Primitives } from "../primitives";
import { sizeOf, type Tensor } from "../tensor";
import { expectShapes } from "./expect-shapes";
import { GATHER_ROWS } from "./programs/gather-rows";
import { joinRowsProgram, MOST_PARTS, splitRowsProgram } from "./programs/split-rows";
import type { ProgramRunner } from "./program-runner";

/**
 * Takes rows by index, and splits and joins rows. Seven parts take one pass; in tfjs each part takes one.
 */
export function fusedRows(
  runner: ProgramRunner,
  tfjs: Pick<Primitives, "splitRows" | "concatRows" | "gatherRows" | "tidy">,
): Pick<Primitives, "splitRows" | "concatRows" | "gatherRows"> {
  return {
    gatherRows: (x, indices) => {
      if (!runner.hasFloats(x)) return tfjs.gatherRows(x, indices);
      const row = x.shape.slice(1);
      const shape = [...indices.shape, ...row];
      return runner.one(GATHER_ROWS, { shape, inputs: [x, indices], count: sizeOf(shape), uniforms: [sizeOf(row)] });
    },
    splitRows: (x, rows) => {
      const sum = rows.reduce((all, count) => all + count, 0);
      if (rows.some((count) => !Number.isInteger(count) || count < 0) || sum !== x.shape[0])
        throw new RangeError(
          `splitRows: the parts must have ${x.shape[0]} rows together; got ${sum} (${rows.join(", ")}).`,
        );
      if (!runner.hasFloats(x)) return tfjs.splitRows(x, rows);
      return tfjs.tidy(() => {
        const parts = rows.map((count) => runner.empty([count, ...x.shape.slice(1)]));
        inPasses(parts, (group, operands) =>
          runner.run(splitRowsProgram(group.length), { ...operands, outputs: group, inputs: [x] }),
        );
        return parts;
      });
    },
    concatRows: (parts) => {
      if (parts.some((part) => !runner.hasFloats(part))) return tfjs.concatRows(parts);
      const row = parts[0].shape.slice(1);
      parts.forEach((part, i) => expectShapes("concatRows", { [`part ${i}`]: [part, [part.shape[0], ...row]] }));
      return tfjs.tidy(() => {
        const x = runner.empty([parts.reduce((sum, { shape }) => sum + shape[0], 0), ...row]);
        inPasses(parts, (group, operands) =>
          runner.run(joinRowsProgram(group.length), { ...operands, outputs: [x], inputs: group }),
        );
        return x;
      });
    },
  };
}

/** Passes over consecutive parts, without those that are empty. */
function inPasses(
  parts: readonly Tensor[],
  run: (group: readonly Tensor[], operands: { count: number; uniforms: readonly number[] }) => void,
): void {
  const filled = parts.filter(({ shape }) => sizeOf(shape) > 0);
  for (let from = 0, first = 0; from < filled.length; from += MOST_PARTS) {
    const group = filled.slice(from, from + MOST_PARTS);
    let count = 0;
    const ends = group.map(({ shape }) => (count += sizeOf(shape)));
    run(group, { count, uniforms: [first, ...ends] });
    first += count;
  }
}
