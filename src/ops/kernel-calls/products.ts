import { lower, lowerBackward } from "../composed/low-rank";
import type {
  Activation,
  DropoutSaved,
  Factors,
  LowerOptions,
  Ops,
  PackedMatrix,
  PackOptions,
  ProductOptions,
} from "../ops";
import type { GeluResult, MatMulOptions, Primitives } from "../primitives";
import type { Tensor } from "../tensor";
import { activationAttribute } from "./activations";
import { BFLOAT16_METHODS, type Bfloat16Method } from "./bfloat16-methods";
import type { KernelSession } from "./kernel-session";

const MOST_RANKS = 16; // above this rank, a separate matrix product is faster than one fused pass
// Limits of one operation for products.
const MOST_FACTORS = 3;
const MOST_PLUS = 4;

/** Device of {@link kernelProducts}. */
interface Device {
  readonly kernels: KernelSession;
  readonly ops: Ops;
  readonly bfloat16: Bfloat16Method;
}

/** Products by the kernels. */
export function kernelProducts(device: Device, { matMul }: Pick<Primitives, "matMul">): Partial<Ops> {
  const { kernels, ops } = device;
  return {
    matMul: (a: Tensor, b: Tensor, options: MatMulOptions = {}) =>
      a.shape.length === 2
        ? matMul(a, b, options)
        : kernels.one("TsloraBatchedProduct", {
            attributes: [
              kernels.flag("transpose_a", options.transposeA),
              kernels.flag("transpose_b", options.transposeB),
            ],
            inputs: () => [a, b],
          }),
    pack: (w, options) => pack(kernels, w, options),
    unpack: (w, options) => unpack(ops, w, options),
    products: (pairs, options) => products(device, pairs, options),
    affine: (x, w, bias, update) =>
      ops.tidy(() => {
        if (update === undefined) return product(device, [{ x, w }], { bias }).y;
        if ("whole" in update) return product(device, [{ x, w }], { bias, plus: [update.whole] }).y;
        const lowRank = { x: update.low, w: ops.pack(update.b, { transpose: true }) };
        return product(device, [{ x, w }, lowRank], { bias }).y;
      }),
    affineGelu: (x, w, bias, { activation = "gelu", derivative }) =>
      product(device, [{ x, w }], { bias, activation, derivative }),
  };
}

/** Products of low ranks by the kernels, dropout included. */
export function kernelLowRanks(
  kernels: KernelSession,
  ops: Ops,
): Pick<Ops, "lower" | "lowerGradient" | "lowerBackward"> {
  return {
    lower: (x, a, { scaling, drop }: LowerOptions) => {
      if (a.shape[0] > MOST_RANKS) return lower(ops, x, { a, scaling, drop });
      const low = kernels.one("TsloraLower", {
        attributes: [kernels.number("scale", scaling), kernels.rate(drop)],
        inputs: () => [x, a, kernels.seed(drop)],
      });
      return { low, dropout: drop };
    },
    lowerGradient: (dLow, x, dropout) =>
      kernels.one("TsloraLowerGradient", {
        attributes: [kernels.rate(dropout)],
        inputs: () => [dLow, x, kernels.seed(dropout)],
      }),
    lowerBackward: (dLow: Tensor, a: Tensor, dropout: DropoutSaved | undefined) =>
      a.shape[0] > MOST_RANKS
        ? lowerBackward(ops, dLow, { a, dropout })
        : kernels.one("TsloraLowerBackward", {
            attributes: [kernels.rate(dropout)],
            inputs: () => [dLow, a, kernels.seed(dropout)],
          }),
  };
}

function pack(kernels: KernelSession, w: Tensor, { transpose, precision = "float32" }: PackOptions): PackedMatrix {
  const [rows, columns] = w.shape;
  const laid = kernels.one("TsloraPack", {
    attributes: [kernels.flag("transpose", transpose), kernels.flag("bf16", precision === "bfloat16")],
    inputs: () => [w],
  });
  return { laid, shape: transpose ? [columns, rows] : [rows, columns], precision };
}

function unpack(ops: Ops, { laid, shape }: PackedMatrix, { transpose }: PackOptions): Tensor {
  return ops.tidy(() => {
    const [panels, depth, columns] = laid.shape;
    const rows = ops.reshape(ops.transpose(laid, [0, 2, 1]), [panels * columns, depth]);
    const transposed = ops.sliceRows(rows, 0, shape[1]); // of the packed matrix
    return transpose ? transposed : ops.transpose(transposed, [1, 0]);
  });
}

function products(device: Device, pairs: readonly Factors[], { plus = [], times }: ProductOptions = {}): Tensor {
  const { ops } = device;
  return ops.tidy(() => {
    const [first, others] = [pairs.slice(0, MOST_FACTORS), pairs.slice(MOST_FACTORS)];
    const parts = others.length === 0 ? plus : [ops.products(others), ...plus];
    const last = parts.slice(MOST_PLUS - 1);
    const fitting = last.length > 1 ? [...parts.slice(0, MOST_PLUS - 1), ops.addN(last)] : parts;
    return product(device, first, { plus: fitting, times }).y;
  });
}

/** Inputs of one operation for products. */
type Addends = ProductOptions & {
  readonly bias?: Tensor | undefined;
  readonly activation?: Activation | "none";
  /** Whether the activation's derivative is requested. */
  readonly derivative?: boolean;
};

/** Product of at most MOST_FACTORS pairs, with at most MOST_PLUS addends. */
function product(
  { kernels, bfloat16 }: Device,
  pairs: readonly Factors[],
  { bias, plus = [], times, activation = "none", derivative = false }: Addends,
): GeluResult {
  const [, columns] = pairs[0].w.shape;
  // The operation cannot check this: a packed matrix has whole panels, and in bfloat16 a padded depth.
  if (pairs.some(({ w }) => w.shape[1] !== columns))
    throw new RangeError(
      `TsloraProduct: matrices must have as many columns as the first; got ${pairs.map(({ w }) => w.shape[1]).join(", ")}.`,
    );
  const rounded = pairs.map(({ w }) => w.precision === "bfloat16");
  const odd = pairs.find(({ x, w }, i) => rounded[i] && x.shape.length === 2 && x.shape[1] !== w.shape[0]);
  if (odd !== undefined)
    throw new RangeError(`TsloraProduct: x must have ${odd.w.shape[0]} columns; got ${odd.x.shape[1]}.`);
  const factors = pairs.flatMap(({ x, w }) => [x, w.laid]);
  const call = {
    attributes: [
      kernels.integer("columns", columns),
      activationAttribute(kernels, activation),
      kernels.flag("derivative", derivative),
      kernels.integer(
        "bf16",
        rounded.reduce((sum, is, i) => sum + (is ? 2 ** i : 0), 0),
      ),
      kernels.integer("bf16_method", BFLOAT16_METHODS.indexOf(bfloat16)),
    ],
    inputs: () => [...padded(factors, 2 * MOST_FACTORS), bias, ...padded(plus, MOST_PLUS), times],
    outputs: 2,
  };
  return kernels.run("TsloraProduct", call, ([y, slope]) => (derivative ? { y, derivative: slope } : { y }));
}

/** Tensors, padded with undefined to `length`. */
function padded(tensors: readonly Tensor[], length: number): (Tensor | undefined)[] {
  return Array.from({ length }, (_, i) => tensors.at(i));
}
