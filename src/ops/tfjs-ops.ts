import type { Rank } from "@tensorflow/tfjs-core";

import { TsloraError } from "../base/tslora-error";
import { composed } from "./composed/composed";
import { jacobiSvd } from "./jacobi-svd";
import { LiveTensors, type OwnTensor } from "./live-tensors";
import { loadTensorFlow, type TensorFlow } from "./load-tensorflow";
import type { Ops } from "./ops";
import type { Primitives } from "./primitives";
import type { Tensor } from "./tensor";

type Tfjs = TensorFlow["tf"];
type TfTensor = InstanceType<Tfjs["Tensor"]>;

/** A tfjs tensor as the ops see it. */
class WrappedTensor implements OwnTensor {
  disposed = false;
  constructor(readonly inner: TfTensor) {}
  get shape(): readonly number[] {
    return this.inner.shape;
  }
}

/** A tensor as tfjs's backends know it. */
export interface TensorInfo {
  readonly dataId: object;
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** tfjs, and the tensors that the ops made with it. */
export class TfjsSession {
  readonly tf: Tfjs;
  readonly tensors = new LiveTensors({ type: WrappedTensor, free: ({ inner }) => inner.dispose() });

  constructor(tf: Tfjs = loadTensorFlow().tf) {
    this.tf = tf;
  }

  /** The tfjs tensor of a tensor of these ops. */
  inner(tensor: Tensor): TfTensor {
    return this.tensors.own(tensor).inner;
  }

  /** Takes over a tensor of tfjs's. */
  own(inner: TfTensor): Tensor {
    return this.tensors.enter(new WrappedTensor(inner));
  }

  /** Computes a tensor, and disposes of all others made on the way. */
  compute(body: () => TfTensor): Tensor {
    return this.own(this.tf.tidy(body));
  }

  /** The data id, shape and type of a tensor of these ops. */
  info(tensor: Tensor): TensorInfo {
    const { dataId, shape, dtype } = this.inner(tensor);
    return { dataId, shape, dtype };
  }

  /** Takes over the output of a backend's own program. */
  ownInfo(info: TensorInfo, backend: object): Tensor {
    const engine = this.tf.engine() as unknown as {
      makeTensorFromTensorInfo(info: object, backend: object): TfTensor;
    };
    return this.own(engine.makeTensorFromTensorInfo(info, backend));
  }
}

/** The ops over tfjs's public API, which run on any tfjs backend, and check the other implementations in tests. */
export function tfjsOps(session = new TfjsSession()): Ops {
  return composed(tfjsPrimitives(session));
}

/** The primitives over tfjs's public API. */
export function tfjsPrimitives(session = new TfjsSession()): Primitives {
  return {
    name: "tfjs",
    draws: "tfjs, uniform floats, by block",
    bfloat16: "none",
    ...session.tensors.lifetimes,
    ...transfers(session),
    ...elementwise(session),
    ...gelu(session),
    ...products(session),
    ...sums(session),
    ...layerNorms(session),
    ...decompositions(session),
    ...rearranging(session),
  };
}

function transfers(session: TfjsSession): Pick<Primitives, "float" | "int" | "read"> {
  const { tf } = session;
  return {
    float: (values, shape) => session.own(tf.tensor(values, [...shape], "float32")),
    int: (values, shape) => session.own(tf.tensor(values, [...shape], "int32")),
    read: async (x) => (await session.inner(x).data()) as Float32Array,
  };
}

function elementwise(session: TfjsSession) {
  const { tf } = session;
  const of = (x: Tensor): TfTensor => session.inner(x);
  const add = (a: Tensor, b: Tensor): Tensor => session.own(tf.add(of(a), of(b)));
  return {
    add,
    addBias: add,
    sub: (a, b) => session.own(tf.sub(of(a), of(b))),
    mul: (a, b) => session.own(tf.mul(of(a), of(b))),
    div: (a, b) => session.own(tf.div(of(a), of(b))),
    scale: (x, factor) => session.own(tf.mul(of(x), factor)),
    shift: (x, offset) => session.own(tf.add(of(x), offset)),
    square: (x) => session.own(tf.square(of(x))),
    sqrt: (x) => session.own(tf.sqrt(of(x))),
    pow: (x, exponent) => session.own(tf.pow(of(x), exponent)),
    tanh: (x) => session.own(tf.tanh(of(x))),
    relu: (x) => session.own(tf.relu(of(x))),
    reluBackward: (dy, y) => session.compute(() => tf.mul(of(dy), tf.cast(tf.greater(of(y), 0), "float32"))),
    keepMask: (shape, { rate, seed }, kept = 1) =>
      session.compute(() => {
        const draws = tf.randomUniform([...shape], 0, 1, "float32", seed[0] * 65_537 + seed[1]);
        return tf.mul(tf.cast(tf.greaterEqual(draws, rate), "float32"), kept);
      }),
  } satisfies Partial<Primitives>;
}

function gelu(session: TfjsSession): Pick<Primitives, "gelu"> {
  const { tf } = session;
  return {
    gelu: (input, { derivative }) => {
      const x = session.inner(input);
      const cdf = (): TfTensor => tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
      const y = session.compute(() => tf.mul(x, cdf()));
      if (!derivative) return { y };
      const slope = session.compute(() => {
        const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return tf.add(cdf(), tf.mul(x, density));
      });
      return { y, derivative: slope };
    },
  };
}

function products(session: TfjsSession): Pick<Primitives, "matMul" | "toBfloat16" | "matMulBfloat16"> {
  const { tf } = session;
  const refuse = (): never => {
    throw new TsloraError(
      "unsupported",
      `bf16 must be off on tfjs's backend "${tf.getBackend()}", which has only 32-bit floats. Leave it out, or train on TensorFlow (device "cpu" or "cuda").`,
    );
  };
  return {
    matMul: (a, b, { transposeA, transposeB } = {}) =>
      session.own(tf.matMul(session.inner(a), session.inner(b), transposeA, transposeB)),
    toBfloat16: refuse,
    matMulBfloat16: refuse,
  };
}

function sums(session: TfjsSession): Pick<Primitives, "addN" | "sum" | "softmax" | "logSoftmax"> {
  const { tf, tensors } = session;
  return {
    addN: (parts) =>
      tensors.tidy(() =>
        parts.slice(1).reduce((sum, part) => session.own(tf.add(session.inner(sum), session.inner(part))), parts[0]),
      ),
    sum: (x, axes, { keepDims = false } = {}) => session.own(tf.sum(session.inner(x), [...axes], keepDims)),
    softmax: (x) => session.own(tf.softmax(session.inner(x))),
    logSoftmax: (x) => session.own(tf.logSoftmax(session.inner(x))),
  };
}

function layerNorms(session: TfjsSession): Pick<Primitives, "layerNorm" | "layerNormBackward"> {
  const { tf } = session;
  const of = (x: Tensor): TfTensor => session.inner(x);
  return {
    layerNorm: (x, gamma, beta, epsilon) => {
      const last = x.shape.length - 1;
      const inverseDeviation = session.compute(() => tf.rsqrt(tf.add(tf.moments(of(x), last, true).variance, epsilon)));
      const normalized = session.compute(() => tf.mul(tf.sub(of(x), tf.mean(of(x), last, true)), of(inverseDeviation)));
      const y = session.compute(() => tf.add(tf.mul(of(normalized), of(gamma)), of(beta)));
      return { y, saved: { normalized, inverseDeviation } };
    },
    layerNormBackward: (dy, gamma, saved) =>
      session.compute(() => {
        const last = dy.shape.length - 1;
        const g = tf.mul(of(dy), of(gamma));
        const slope = tf.mean(tf.mul(g, of(saved.normalized)), last, true);
        const projected = tf.sub(tf.sub(g, tf.mean(g, last, true)), tf.mul(of(saved.normalized), slope));
        return tf.mul(projected, of(saved.inverseDeviation));
      }),
  };
}

function decompositions(session: TfjsSession): Pick<Primitives, "svd" | "qr"> {
  const { tf } = session;
  const float = (values: Float32Array, shape: readonly number[]): Tensor =>
    session.own(tf.tensor(values, [...shape], "float32"));
  return {
    svd: (x) => {
      const [m, n] = x.shape;
      const k = Math.min(m, n);
      return session.tensors.tidy(() => {
        const tall = m >= n ? x : session.own(tf.transpose(session.inner(x), [1, 0]));
        const found = jacobiSvd(session.inner(tall).dataSync(), { rows: Math.max(m, n), columns: k });
        const [left, s, right] = [float(found.u, tall.shape), float(found.s, [k]), float(found.v, [k, k])];
        return m >= n ? { u: left, s, v: right } : { u: right, s, v: left };
      });
    },
    qr: (x) => {
      const [q, r] = tf.tidy(() => tf.linalg.qr(session.inner(x)));
      return { q: session.own(q), r: session.own(r) };
    },
  };
}

function rearranging(session: TfjsSession) {
  const { tf } = session;
  const of = (x: Tensor): TfTensor => session.inner(x);
  return {
    reshape: (x, shape) => session.own(tf.reshape(of(x), [...shape])),
    transpose: (x, permutation) => session.own(tf.transpose(of(x), [...permutation])),
    sliceRows: (x, begin, count) => {
      const rest = x.shape.slice(1);
      return session.own(tf.slice(of(x), [begin, ...rest.map(() => 0)], [count, ...rest]));
    },
    splitRows: (x, rows) => tf.split(of(x), [...rows], 0).map((part) => session.own(part)),
    concatRows: (parts) => session.own(tf.concat(parts.map(of), 0)),
    gatherRows: (x, indices) => session.own(tf.gather(of(x), of(indices))),
    scatterRows: (updates, indices, rows) =>
      session.compute(() =>
        tf.scatterND(tf.reshape<Rank.R2>(of(indices), [-1, 1]), of(updates), [rows, ...updates.shape.slice(1)]),
      ),
  } satisfies Partial<Primitives>;
}
