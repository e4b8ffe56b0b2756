import { composed } from "./composed/composed";
import type { Ops } from "./ops";
import type { Drop, Marks, MatMulOptions, Primitives } from "./primitives";
import { sizeOf, type Tensor } from "./tensor";
import { attributesOf, type Attributes } from "./tensorflow/attributes";
import type { TensorflowCalls } from "./tensorflow/calls";
import { TensorflowSession } from "./tensorflow/session";

const SQRT_HALF = Math.SQRT1_2;
const LOG_TWO_OVER_SQRT_PI = Math.log(2 / Math.sqrt(Math.PI));

/** The ops by TensorFlow's operations alone, on the processor or the GPU. */
export function tensorflowOps(session = new TensorflowSession()): Ops {
  return composed(tensorflowPrimitives(session));
}

/** The primitives by TensorFlow's operations. */
export function tensorflowPrimitives(session: TensorflowCalls = new TensorflowSession()): Primitives {
  const calls: Calls = { session, attributes: attributesOf(session.binding), tidy: session.lifetimes.tidy };
  const elements = elementwise(calls);
  const layout = rearranging(calls);
  return {
    name: "tensorflow",
    draws: "TensorFlow, uniform floats, by block",
    bfloat16: session.usesGpu ? "fast" : "slow", // oneDNN widens them where the processor lacks instructions
    ...session.lifetimes,
    ...transfers(calls),
    ...elements,
    ...layout,
    ...gelu(calls, elements),
    ...products(calls, layout),
    ...sums(calls),
    ...layerNorms(calls, elements),
    ...decompositions(calls),
    ...dropoutMasks(calls),
  };
}

/** The interface to TensorFlow that the primitives use. */
interface Calls {
  readonly session: TensorflowCalls;
  readonly attributes: Attributes;
  readonly tidy: Primitives["tidy"];
}

type Elementwise = ReturnType<typeof elementwise>;
type Rearranging = ReturnType<typeof rearranging>;

function transfers({ session }: Calls): Pick<Primitives, "float" | "int" | "read"> {
  return {
    float: (values, shape) => session.float(values, shape),
    int: (values, shape) => session.indices(values, shape),
    read: async (x) => session.binding.tensorDataSync(session.idOf(x)) as Float32Array,
  };
}

function elementwise({ session }: Calls) {
  const add = (a: Tensor, b: Tensor): Tensor => session.run("AddV2", a, b);
  const mul = (a: Tensor, b: Tensor): Tensor => session.run("Mul", a, b);
  return {
    add,
    mul,
    sub: (a, b) => session.run("Sub", a, b),
    div: (a, b) => session.run("RealDiv", a, b),
    scale: (x, factor) => mul(x, session.scalar(factor)),
    shift: (x, offset) => add(x, session.scalar(offset)),
    square: (x) => session.run("Square", x),
    sqrt: (x) => session.run("Sqrt", x),
    pow: (x, exponent) => session.run("Pow", x, session.scalar(exponent)),
    tanh: (x) => session.run("Tanh", x),
    relu: (x) => session.run("Relu", x),
    reluBackward: (dy, y) => session.run("ReluGrad", dy, y),
    addBias: (x, bias) => session.run("BiasAdd", x, bias),
  } satisfies Partial<Primitives>;
}

function gelu(
  { session, tidy }: Calls,
  { add, sub, mul, scale, shift, square }: Elementwise,
): Pick<Primitives, "gelu"> {
  return {
    gelu: (x, { derivative }) =>
      tidy(() => {
        const u = scale(x, SQRT_HALF);
        const cdf = scale(shift(session.run("Erf", u), 1), 0.5); // Phi(x)
        const y = mul(x, cdf);
        if (!derivative) return { y };
        // Phi(x) + x phi(x), and x phi(x) = u exp(log(2/sqrt(pi)) - u^2) / 2
        const density = session.run("Exp", sub(session.scalar(LOG_TWO_OVER_SQRT_PI - Math.LN2), square(u)));
        return { y, derivative: add(cdf, mul(u, density)) };
      }),
  };
}

function products(
  { session, attributes, tidy }: Calls,
  { reshape }: Rearranging,
): Pick<Primitives, "matMul" | "toBfloat16" | "matMulBfloat16"> {
  const matMul = (a: Tensor, b: Tensor, options: MatMulOptions = {}): Tensor => {
    const kind = (options.transposeA === true ? 2 : 0) + (options.transposeB === true ? 1 : 0);
    const ids = [session.idOf(a), session.idOf(b)];
    if (a.shape.length === 2) return session.runIds("MatMul", ids, attributes.matMul[kind]);
    if (sizeOf(a.shape.slice(0, -2)) === 1) {
      // Computes a batch of one as a plain product: for batches, oneDNN compiles and caches code for every shape.
      return tidy(() => {
        const product = matMul(reshape(a, a.shape.slice(-2)), reshape(b, b.shape.slice(-2)), options);
        return reshape(product, [...a.shape.slice(0, -2), ...product.shape]);
      });
    }
    return session.runIds("BatchMatMulV2", ids, attributes.batchMatMul[kind]);
  };
  return {
    matMul,
    toBfloat16: (x) => cast(session, x, attributes.toBfloat16),
    matMulBfloat16: (a, b) => tidy(() => cast(session, session.run("MatMul", a, b), attributes.toFloat)),
  };
}

function sums({ session, attributes }: Calls): Pick<Primitives, "addN" | "sum" | "softmax" | "logSoftmax"> {
  return {
    addN: (parts) =>
      session.runIds(
        "AddN",
        parts.map((part) => session.idOf(part)),
        attributes.list(parts.length),
      ),
    sum: (x, axes, { keepDims = false } = {}) =>
      session.runIds("Sum", [session.idOf(x), session.integers(axes)], keepDims ? attributes.keepDims : []),
    softmax: (x) => session.run("Softmax", x),
    logSoftmax: (x) => session.run("LogSoftmax", x),
  };
}

function layerNorms(
  { session, attributes, tidy }: Calls,
  { add, sub, mul, square, shift }: Elementwise,
): Pick<Primitives, "layerNorm" | "layerNormBackward"> {
  const mean = (x: Tensor): Tensor =>
    session.runIds("Mean", [session.idOf(x), session.integers([x.shape.length - 1])], attributes.keepDims);
  return {
    layerNorm: (x, gamma, beta, epsilon) =>
      tidy(() => {
        const centered = sub(x, mean(x));
        const variance = mean(square(centered));
        const inverseDeviation = session.run("Rsqrt", shift(variance, epsilon));
        const normalized = mul(centered, inverseDeviation);
        return { y: add(mul(normalized, gamma), beta), saved: { normalized, inverseDeviation } };
      }),
    layerNormBackward: (dy, gamma, { normalized, inverseDeviation }) =>
      tidy(() => {
        const g = mul(dy, gamma);
        const center = mean(g);
        const slope = mean(mul(g, normalized));
        return mul(sub(sub(g, mul(normalized, slope)), center), inverseDeviation);
      }),
  };
}

function decompositions({ session, attributes, tidy }: Calls): Pick<Primitives, "svd" | "qr"> {
  /** An operation in 64-bit floats; its input and results are 32-bit floats. */
  const inDouble = (op: string, x: Tensor, outputs: number): Tensor[] =>
    session
      .execute(op, [], [session.idOf(cast(session, x, attributes.toDouble))], outputs)
      .map((result) => cast(session, result, attributes.toFloat));
  return {
    svd: (x) =>
      tidy(() => {
        const [s, u, v] = inDouble("Svd", x, 3);
        return { u, s, v };
      }),
    qr: (x) =>
      tidy(() => {
        const [q, r] = inDouble("Qr", x, 2);
        return { q, r };
      }),
  };
}

function dropoutMasks({ session, attributes, tidy }: Calls): Pick<Primitives, "keepMask" | "marks"> {
  // Booleans take a quarter of the memory of a mask of floats.
  const marks: Marks = {
    draw: (shape, { rate, seed }: Drop) =>
      tidy(() => {
        const draws = session.runIds(
          "StatelessRandomUniform",
          [session.integers(shape), session.idOf(session.onHost(Int32Array.from(seed), [2]))],
          attributes.random,
        ); // in [0, 1)
        return session.run("GreaterEqual", draws, session.scalar(rate));
      }),
    keep: (x, mark) => session.run("SelectV2", mark, x, session.scalar(0)),
  };
  return {
    marks,
    keepMask: (shape, drop, kept = 1) =>
      tidy(() => session.run("SelectV2", marks.draw(shape, drop), session.scalar(kept), session.scalar(0))),
  };
}

function rearranging({ session, attributes, tidy }: Calls) {
  const vector = (values: readonly number[]): number =>
    session.idOf(session.onHost(Int32Array.from(values), [values.length]));
  return {
    reshape: (x, shape) => session.runIds("Reshape", [session.idOf(x), session.integers(shape)]),
    transpose: (x, permutation) => session.runIds("Transpose", [session.idOf(x), session.integers(permutation)]),
    sliceRows: (x, begin, count) => {
      const start = x.shape.map((_, axis) => (axis === 0 ? begin : 0));
      const size = x.shape.map((extent, axis) => (axis === 0 ? count : extent));
      return tidy(() => session.runIds("Slice", [session.idOf(x), vector(start), vector(size)]));
    },
    splitRows: (x, rows) =>
      session.execute(
        "SplitV",
        [{ name: "num_split", type: session.binding.TF_ATTR_INT, value: rows.length }],
        [session.idOf(x), session.integers(rows), session.integer(0)],
        rows.length,
      ),
    concatRows: (parts) =>
      session.runIds(
        "ConcatV2",
        [...parts.map((part) => session.idOf(part)), session.integer(0)],
        attributes.list(parts.length),
      ),
    gatherRows: (x, indices) =>
      session.runIds("GatherV2", [session.idOf(x), session.idOf(indices), session.integer(0)]),
    scatterRows: (updates, indices, rows) =>
      session.runIds("UnsortedSegmentSum", [session.idOf(updates), session.idOf(indices), session.integer(rows)]),
  } satisfies Partial<Primitives>;
}

function cast(session: TensorflowCalls, x: Tensor, to: Attributes["toInt"]): Tensor {
  return session.runIds("Cast", [session.idOf(x)], to);
}
