import { sizeOf, type Tensor } from "../tensor";
import type { Drop, Ops, Primitives, ResidualNormOptions, ResidualNormResult } from "../ops";
import { expectShapes, shown } from "./expect-shapes";
import { drawUniforms } from "./programs/draws";
import { dropoutProgram } from "./programs/dropout";
import { normBackwardProgram } from "./programs/norm-backward";
import { normProgram } from "./programs/norm";
import type { ProgramRunner } from "./program-runner";

/** Programs for rows, and the invocations that share a row. */
export interface RowDevice {
  readonly runner: ProgramRunner;
  readonly lanes: number;
}

/** A dropout mask, drawn on the device. */
export function drawMask(runner: ProgramRunner, shape: readonly number[], drop: Drop & { factor: number }): Tensor {
  return runner.one(dropoutProgram({ mask: true }), {
    shape,
    inputs: [],
    count: sizeOf(shape),
    uniforms: drawUniforms(drop, drop.factor),
  });
}

/** Dropout and layer norms in one pass each. Masks are drawn when they are used, and never stored. */
export function fusedNorms(
  device: RowDevice,
): Pick<Ops, "dropout" | "residualNorm" | "residualNormBackward"> &
  Pick<Primitives, "layerNorm" | "layerNormBackward"> {
  const residualNormBackward: Ops["residualNormBackward"] = (dy, gamma, saved) => {
    const { normalized, inverseDeviation, dropout } = saved;
    expectShapes("residualNormBackward", {
      gamma: [gamma, [widthOf(dy)]],
      normalized: [normalized, dy.shape],
      inverseDeviation: [inverseDeviation, [...dy.shape.slice(0, -1), 1]],
    });
    const [dResidual, dx = dResidual] = device.runner.run(
      normBackwardProgram({ dropout: dropout !== undefined, lanes: device.lanes }),
      {
        outputs: dropout === undefined ? [dy.shape] : [dy.shape, dy.shape],
        inputs: [dy, gamma, normalized, inverseDeviation],
        count: rowsOf(dy),
        uniforms: [gamma.shape[0], ...(dropout === undefined ? [] : drawUniforms(dropout))],
      },
    );
    return { dResidual, dx };
  };
  return {
    dropout: (x, drop) => ({
      y: device.runner.one(dropoutProgram({ mask: false }), {
        shape: x.shape,
        inputs: [x],
        count: sizeOf(x.shape),
        uniforms: drawUniforms(drop),
      }),
      saved: drop,
    }),
    layerNorm: (x, gamma, beta, epsilon) => norm(device, x, { gamma, beta, epsilon, drop: undefined }),
    layerNormBackward: (dy, gamma, { normalized, inverseDeviation }) =>
      residualNormBackward(dy, gamma, { normalized, inverseDeviation }).dResidual,
    residualNorm: (x, residual, options) => norm(device, x, { ...options, residual }),
    residualNormBackward,
  };
}

function norm(
  { runner, lanes }: RowDevice,
  x: Tensor,
  { residual, gamma, beta, epsilon, drop }: ResidualNormOptions & { readonly residual?: Tensor },
): ResidualNormResult {
  const width = widthOf(x);
  expectShapes("residualNorm", { residual: [residual, x.shape], gamma: [gamma, [width]], beta: [beta, [width]] });
  const form = { residual: residual !== undefined, dropout: drop !== undefined, lanes };
  const [y, normalized, inverseDeviation] = runner.run(normProgram(form), {
    outputs: [x.shape, x.shape, [...x.shape.slice(0, -1), 1]],
    inputs: [x, ...(residual === undefined ? [] : [residual]), gamma, beta],
    count: rowsOf(x),
    uniforms: [width, epsilon, ...(drop === undefined ? [] : drawUniforms(drop))],
  });
  return { y, saved: { normalized, inverseDeviation, dropout: drop } };
}

/**
 * Size of the last axis.
 *
 * @throws RangeError if it is 0
 */
function widthOf({ shape }: Tensor): number {
  const width = shape.at(-1) ?? 0;
  if (width === 0) throw new RangeError(`A layer norm must have rows of at least one number; got ${shown(shape)}.`);
  return width;
}

/** Number of rows along the last axis. */
function rowsOf({ shape }: Tensor): number {
  return sizeOf(shape.slice(0, -1));
}
