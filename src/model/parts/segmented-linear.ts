import type { Tensor } from "../../ops/tensor";
import type { Parameter } from "./parameter";
import type { AdaptedWeights, ForwardPass, LinearAdapter, Segment } from "./pass";
import { concatSlices, slicesOf, type Slice } from "./segments";

/** A slice of a linear layer's input, with what changes the layer there. */
export interface LinearSlice extends Slice {
  readonly update: LinearAdapter | undefined;
  /** Replaces the layer's own weight. */
  readonly weight: Parameter | undefined;
  /** Replaces the layer's own bias. */
  readonly bias: Parameter | undefined;
}

/** The layer's own product, and its weights under an adapter. */
export interface SegmentedLayer {
  readonly outFeatures: number;
  /** x W' + b: the layer's own, or with other weights. */
  affine(x: Tensor, used?: { weight: Parameter | undefined; bias: Parameter | undefined }): Tensor;
  /** The layer's own product plus a matrix [rows, out]. */
  affinePlus(x: Tensor, whole: Tensor): Tensor;
  /** Its weights, with another bias if one is given. */
  adapted(bias: Parameter | undefined): AdaptedWeights;
}

/** The slices of a linear layer's input x with `rows` rows. */
export function linearSlices(
  { module, weight, bias }: { module: string; weight: Parameter; bias: Parameter | undefined },
  { segments, rows }: { segments: readonly Segment[]; rows: number },
): LinearSlice[] {
  return slicesOf(segments, rows).map((slice) => ({
    ...slice,
    update: slice.changes?.updates.get(module),
    weight: slice.changes?.substitutes.get(weight),
    bias: bias && slice.changes?.substitutes.get(bias),
  }));
}

/** Whether the layer is its own there, but for an update. */
export function keepsWeights({ weight, bias }: LinearSlice): boolean {
  return weight === undefined && bias === undefined;
}

/** Whether the layer is its own there, but for a low-rank update if there is one. */
export function isSeparable(slice: LinearSlice): boolean {
  return keepsWeights(slice) && (slice.update === undefined || slice.update.lowRank !== undefined);
}

/**
 * A linear layer whose slices have adapters of their own: x [rows, in] to y [rows, out]. The layer's own product is
 * computed once, over all rows; each slice then gets its update. A slice with other weights gets a product of its own.
 */
export function segmentedForward(
  pass: ForwardPass,
  x: Tensor,
  { layer, slices }: { layer: SegmentedLayer; slices: readonly LinearSlice[] },
): Tensor {
  const { ops } = pass;
  return ops.tidy(() => {
    if (slices.every(isSeparable)) {
      const whole = segmentedUpdate(pass, x, { slices, outFeatures: layer.outFeatures });
      return whole === undefined ? layer.affine(x) : layer.affinePlus(x, whole); // one pass over y
    }
    const own = slices.some(keepsWeights) ? layer.affine(x) : undefined; // [rows, out]
    return concatSlices(ops, x, {
      slices,
      make: (input, slice) => {
        const y =
          own === undefined || !keepsWeights(slice)
            ? layer.affine(input, slice)
            : ops.sliceRows(own, slice.from, slice.size);
        const { update } = slice;
        if (update === undefined) return y;
        const lowRank = update.lowRank?.(pass, input).update;
        if (lowRank !== undefined) return ops.addLowRank(y, lowRank);
        return update.forward(pass, input, { y, base: layer.adapted(slice.bias) }).y;
      },
    });
  });
}

/** The updates alone, [rows, out]; undefined if no slice has one. Each must be a low-rank update. */
export function segmentedUpdate(
  pass: ForwardPass,
  x: Tensor,
  { slices, outFeatures }: { slices: readonly LinearSlice[]; outFeatures: number },
): Tensor | undefined {
  const { ops } = pass;
  if (slices.every(({ update }) => update === undefined)) return undefined;
  return concatSlices(ops, x, {
    slices,
    make: (input, { update, size }) => {
      const part = update?.lowRank?.(pass, input).update;
      return part === undefined
        ? ops.float(new Float32Array(size * outFeatures), [size, outFeatures])
        : ops.matMul(part.low, part.b, { transposeB: true });
    },
  });
}
