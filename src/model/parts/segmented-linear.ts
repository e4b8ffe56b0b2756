import type { Tensor } from "../../ops/tensor";
import type { Parameter } from "./parameter";
import type { AdaptedWeights, ForwardPass, LinearAdapter, Segment } from "./pass";
import { concatSlices, slicesOf, type Slice } from "./segments";

/** A slice of a linear layer's input, with the changes of the layer for it. */
export interface LinearSlice extends Slice {
  readonly update: LinearAdapter | undefined;
  /** Replaces the layer's own weight. */
  readonly weight: Parameter | undefined;
  /** Replaces the layer's own bias. */
  readonly bias: Parameter | undefined;
}

/** The products of a layer, and its weights, for slices of its input. */
export interface SegmentedLayer {
  readonly outFeatures: number;
  /** x W' + b, with the layer's own weights or with those in `used`. */
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

/** Whether the slice uses the layer's own weights. It may have an update. */
export function keepsWeights({ weight, bias }: LinearSlice): boolean {
  return weight === undefined && bias === undefined;
}

/** Whether the slice uses the layer's own weights with at most a low-rank update. */
export function isSeparable(slice: LinearSlice): boolean {
  return keepsWeights(slice) && (slice.update === undefined || slice.update.lowRank !== undefined);
}

/**
 * A linear layer in which each slice of rows has its own adapter: x [rows, in] to y [rows, out]. The product with the
 * layer's own weights is computed once for all rows; the update of each slice is then added. A slice with other weights
 * gets a product of its own.
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

/** Only the updates, [rows, out]; undefined if no slice has one. All must be low-rank updates. */
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
