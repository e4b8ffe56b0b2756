import {
  INT8_METHODS,
  type Int8AffineOptions,
  type Int8Matrix,
  type Int8Method,
  type Int8Products,
} from "../int8-products";
import type { Ops } from "../ops";
import type { Tensor } from "../tensor";
import type { TensorflowSession } from "../tensorflow/session";
import { activationAttribute } from "./activations";
import type { KernelSession } from "./kernel-session";
import { readMethods } from "./read-methods";

/** {@link Int8Products} by the kernels. */
export function kernelInt8Products(
  session: TensorflowSession,
  { kernels, ops }: { kernels: KernelSession; ops: Ops },
): Int8Products {
  const { best: method = "scalar", all: methods } = readMethods(session, "TsloraInt8Methods", INT8_METHODS);
  const attribute = (name: Int8Method) => kernels.integer("method", INT8_METHODS.indexOf(name));
  return {
    methods,
    method,
    quantize: (w: Tensor, chosen: Int8Method = method): Int8Matrix => {
      const [out, features] = w.shape;
      const call = { attributes: [attribute(chosen)], inputs: () => [w], outputs: 2 };
      return kernels.run("TsloraInt8Quantize", call, ([packed, channels]) => ({
        packed,
        channels,
        shape: [features, out] as const,
        method: chosen,
      }));
    },
    dequantize: (w: Int8Matrix) =>
      kernels.one("TsloraInt8Dequantize", {
        attributes: [attribute(w.method), kernels.integer("depth", w.shape[0])],
        inputs: () => [w.packed, w.channels],
      }),
    affine: (x: Tensor, w: Int8Matrix, { bias, update, activation }: Int8AffineOptions) => {
      // The operation cannot check this: a packed weight is padded to whole groups.
      if (x.shape[1] !== w.shape[0])
        throw new RangeError(`TsloraInt8Product: x must have ${w.shape[0]} columns; got ${x.shape[1]}.`);
      return kernels.one("TsloraInt8Product", {
        attributes: [attribute(w.method), activationAttribute(kernels, activation ?? "none")],
        inputs: () => {
          const { low, b, whole } = { low: undefined, b: undefined, whole: undefined, ...update };
          const up = b && ops.pack(b, { transpose: true }).laid;
          return [x, w.packed, w.channels, bias, low, up, whole];
        },
      });
    },
  };
}
