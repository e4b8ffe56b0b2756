import type { ActivationOptions, Factors, Ops, PackedMatrix, PackOptions, ProductOptions, Update } from "../ops";
import type { GeluResult } from "../primitives";
import type { Tensor } from "../tensor";

/** A packed matrix and the bias of its product, if it has one. */
interface Layer {
  readonly w: PackedMatrix;
  readonly bias: Tensor | undefined;
}

/** {@link Ops.pack} for devices whose products need no packing. */
export function pack(ops: Ops, w: Tensor, { transpose, precision = "float32" }: PackOptions): PackedMatrix {
  const [rows, columns] = w.shape;
  const shape = transpose ? ([columns, rows] as const) : ([rows, columns] as const);
  const laid = (): Tensor => (transpose ? ops.transpose(w, [1, 0]) : ops.reshape(w, w.shape)); // shares the numbers
  return { laid: precision === "bfloat16" ? ops.tidy(() => ops.toBfloat16(laid())) : laid(), shape, precision };
}

/** x w, with the precision that w was packed for. */
function multiply(ops: Ops, x: Tensor, { laid, precision }: PackedMatrix): Tensor {
  return precision === "bfloat16" ? ops.tidy(() => ops.matMulBfloat16(ops.toBfloat16(x), laid)) : ops.matMul(x, laid);
}

export function unpack(ops: Ops, { laid }: PackedMatrix, { transpose }: PackOptions): Tensor {
  return transpose ? ops.transpose(laid, [1, 0]) : ops.reshape(laid, laid.shape);
}

export function products(ops: Ops, pairs: readonly Factors[], { plus = [], times }: ProductOptions = {}): Tensor {
  return ops.tidy(() => {
    const parts = [...pairs.map(({ x, w }) => multiply(ops, x, w)), ...plus];
    const sum = parts.length === 1 ? parts[0] : ops.addN(parts);
    return times === undefined ? sum : ops.mul(sum, times);
  });
}

export function affine(ops: Ops, x: Tensor, { w, bias, update }: Layer & { update?: Update | undefined }): Tensor {
  return ops.tidy(() => {
    const product = multiply(ops, x, w);
    const y = bias === undefined ? product : ops.addBias(product, bias);
    if (update === undefined) return y;
    return "whole" in update ? ops.add(y, update.whole) : ops.addLowRank(y, update);
  });
}

export function affineGelu(ops: Ops, x: Tensor, { w, bias, ...options }: Layer & ActivationOptions): GeluResult {
  return ops.tidy(() => ops.gelu(ops.affine(x, w, bias), options));
}
