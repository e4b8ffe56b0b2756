import type { ActivationOptions, Factors, Ops, PackedMatrix, PackOptions, ProductOptions, Update } from "../ops";
import type { GeluResult } from "../primitives";
import type { Tensor } from "../tensor";

/** A packed matrix and the bias of its product, if it has one. */
interface Layer {
  readonly w: PackedMatrix;
  readonly bias: Tensor | undefined;
}

/** {@link Ops.pack} for devices whose products need no packing. */
export function pack(ops: Ops, w: Tensor, { transpose }: PackOptions): PackedMatrix {
  const [rows, columns] = w.shape;
  return transpose
    ? { laid: ops.transpose(w, [1, 0]), shape: [columns, rows] }
    : { laid: ops.reshape(w, w.shape), shape: [rows, columns] }; // a new tensor that shares the numbers
}

export function unpack(ops: Ops, { laid }: PackedMatrix, { transpose }: PackOptions): Tensor {
  return transpose ? ops.transpose(laid, [1, 0]) : ops.reshape(laid, laid.shape);
}

export function products(ops: Ops, pairs: readonly Factors[], { plus = [], times }: ProductOptions = {}): Tensor {
  return ops.tidy(() => {
    const parts = [...pairs.map(({ x, w }) => ops.matMul(x, w.laid)), ...plus];
    const sum = parts.length === 1 ? parts[0] : ops.addN(parts);
    return times === undefined ? sum : ops.mul(sum, times);
  });
}

export function affine(ops: Ops, x: Tensor, { w, bias, update }: Layer & { update?: Update | undefined }): Tensor {
  return ops.tidy(() => {
    const product = ops.matMul(x, w.laid);
    const y = bias === undefined ? product : ops.addBias(product, bias);
    if (update === undefined) return y;
    return "whole" in update ? ops.add(y, update.whole) : ops.addLowRank(y, update);
  });
}

export function affineGelu(ops: Ops, x: Tensor, { w, bias, ...options }: Layer & ActivationOptions): GeluResult {
  return ops.tidy(() => ops.gelu(ops.affine(x, w, bias), options));
}
