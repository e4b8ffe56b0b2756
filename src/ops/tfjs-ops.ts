import { TsloraError } from "../base/tslora-error";
import type { Rank } from "@tensorflow/tfjs-core";

import { ComposedOps } from "./composed-ops";
import { jacobiSvd } from "./jacobi-svd";
import { loadTensorFlow, type TensorFlow } from "./load-tensorflow";
import type { Drop, LayerNormSaved, Ops } from "./ops";
import { Scopes } from "./scopes";
import type { Tensor } from "./tensor";

type Tfjs = TensorFlow["tf"];
type TfTensor = InstanceType<Tfjs["Tensor"]>;

/** A tfjs tensor as the ops see it. */
class WrappedTensor implements Tensor {
  constructor(readonly inner: TfTensor) {}
  get shape(): readonly number[] {
    return this.inner.shape;
  }
}

/**
 * The ops over tfjs's public API, by the textbook: what runs on any tfjs backend, and what checks
 * `KernelOps` and `TensorflowOps` in tests. Its dropout draws differ from those of the other implementation.
 */
export class TfjsOps extends ComposedOps implements Ops {
  readonly name = "tfjs";
  readonly draws: string = "tfjs, uniform floats, by block";
  readonly #tf: Tfjs;
  readonly #scopes = new Scopes<WrappedTensor>({
    isOwn: (value): value is WrappedTensor => value instanceof WrappedTensor,
    free: (tensor) => this.dispose(tensor),
  });
  #alive = 0;

  constructor(tf: Tfjs = loadTensorFlow().tf) {
    super();
    this.#tf = tf;
  }

  float(values: Float32Array, shape: readonly number[]): Tensor {
    return this.#own(this.#tf.tensor(values, [...shape], "float32"));
  }

  int(values: Int32Array, shape: readonly number[]): Tensor {
    return this.#own(this.#tf.tensor(values, [...shape], "int32"));
  }

  async read(x: Tensor): Promise<Float32Array> {
    return (await innerOf(x).data()) as Float32Array;
  }

  dispose(...tensors: readonly (Tensor | undefined)[]): void {
    for (const tensor of tensors) {
      if (!(tensor instanceof WrappedTensor) || tensor.inner.isDisposed) continue;
      tensor.inner.dispose();
      this.#alive--;
    }
  }

  alive(): number {
    return this.#alive - this.placing;
  }

  tidy<T>(body: () => T): T {
    return this.#scopes.tidy(body);
  }

  escape<T>(body: () => T): T {
    return this.#scopes.escape(body);
  }

  disposeIn(container: object): void {
    this.#scopes.freeIn(container);
  }

  add(a: Tensor, b: Tensor): Tensor {
    return this.#own(this.#tf.add(innerOf(a), innerOf(b)));
  }

  sub(a: Tensor, b: Tensor): Tensor {
    return this.#own(this.#tf.sub(innerOf(a), innerOf(b)));
  }

  mul(a: Tensor, b: Tensor): Tensor {
    return this.#own(this.#tf.mul(innerOf(a), innerOf(b)));
  }

  div(a: Tensor, b: Tensor): Tensor {
    return this.#own(this.#tf.div(innerOf(a), innerOf(b)));
  }

  scale(x: Tensor, factor: number): Tensor {
    return this.#own(this.#tf.mul(innerOf(x), factor));
  }

  shift(x: Tensor, offset: number): Tensor {
    return this.#own(this.#tf.add(innerOf(x), offset));
  }

  square(x: Tensor): Tensor {
    return this.#own(this.#tf.square(innerOf(x)));
  }

  sqrt(x: Tensor): Tensor {
    return this.#own(this.#tf.sqrt(innerOf(x)));
  }

  pow(x: Tensor, exponent: number): Tensor {
    return this.#own(this.#tf.pow(innerOf(x), exponent));
  }

  tanh(x: Tensor): Tensor {
    return this.#own(this.#tf.tanh(innerOf(x)));
  }

  relu(x: Tensor): Tensor {
    return this.#own(this.#tf.relu(innerOf(x)));
  }

  reluBackward(dy: Tensor, y: Tensor): Tensor {
    return this.#compute((tf) => tf.mul(innerOf(dy), tf.cast(tf.greater(innerOf(y), 0), "float32")));
  }

  gelu(x: Tensor, { derivative }: { derivative: boolean }): { y: Tensor; derivative?: Tensor } {
    const cdf = (tf: Tfjs): TfTensor => tf.mul(tf.add(tf.erf(tf.mul(innerOf(x), Math.SQRT1_2)), 1), 0.5);
    const y = this.#compute((tf) => tf.mul(innerOf(x), cdf(tf)));
    if (!derivative) return { y };
    const slope = this.#compute((tf) => {
      const density = tf.mul(tf.exp(tf.mul(tf.square(innerOf(x)), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return tf.add(cdf(tf), tf.mul(innerOf(x), density));
    });
    return { y, derivative: slope };
  }

  matMul(a: Tensor, b: Tensor, options: { transposeA?: boolean; transposeB?: boolean } = {}): Tensor {
    return this.#own(this.#tf.matMul(innerOf(a), innerOf(b), options.transposeA, options.transposeB));
  }

  toBfloat16(): never {
    throw new TsloraError(
      "unsupported",
      `bfloat16 was asked for (bf16), but tfjs's backend "${this.#tf.getBackend()}" has 32-bit floats alone. Leave bf16 out, or train on TensorFlow (device "cpu" or "cuda").`,
    );
  }

  matMulBfloat16(): never {
    return this.toBfloat16();
  }

  addBias(x: Tensor, bias: Tensor): Tensor {
    return this.add(x, bias);
  }

  sum(x: Tensor, axes: readonly number[], { keepDims = false }: { keepDims?: boolean } = {}): Tensor {
    return this.#own(this.#tf.sum(innerOf(x), [...axes], keepDims));
  }

  softmax(x: Tensor): Tensor {
    return this.#own(this.#tf.softmax(innerOf(x)));
  }

  logSoftmax(x: Tensor): Tensor {
    return this.#own(this.#tf.logSoftmax(innerOf(x)));
  }

  layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): { y: Tensor; saved: LayerNormSaved } {
    const last = x.shape.length - 1;
    const inverseDeviation = this.#compute((tf) =>
      tf.rsqrt(tf.add(tf.moments(innerOf(x), last, true).variance, epsilon)),
    );
    const normalized = this.#compute((tf) =>
      tf.mul(tf.sub(innerOf(x), tf.mean(innerOf(x), last, true)), innerOf(inverseDeviation)),
    );
    const y = this.#compute((tf) => tf.add(tf.mul(innerOf(normalized), innerOf(gamma)), innerOf(beta)));
    return { y, saved: { normalized, inverseDeviation } };
  }

  layerNormBackward(dy: Tensor, gamma: Tensor, saved: LayerNormSaved): Tensor {
    return this.#compute((tf) => {
      const last = dy.shape.length - 1;
      const g = tf.mul(innerOf(dy), innerOf(gamma));
      const slope = tf.mean(tf.mul(g, innerOf(saved.normalized)), last, true);
      const projected = tf.sub(tf.sub(g, tf.mean(g, last, true)), tf.mul(innerOf(saved.normalized), slope));
      return tf.mul(projected, innerOf(saved.inverseDeviation));
    });
  }

  svd(x: Tensor): { u: Tensor; s: Tensor; v: Tensor } {
    const [m, n] = x.shape;
    const k = Math.min(m, n);
    return this.tidy(() => {
      const tall = m >= n ? x : this.transpose(x, [1, 0]);
      const found = jacobiSvd(innerOf(tall).dataSync(), { rows: Math.max(m, n), columns: k });
      const [left, s, right] = [this.float(found.u, tall.shape), this.float(found.s, [k]), this.float(found.v, [k, k])];
      return m >= n ? { u: left, s, v: right } : { u: right, s, v: left };
    });
  }

  qr(x: Tensor): { q: Tensor; r: Tensor } {
    const [q, r] = this.#tf.tidy(() => this.#tf.linalg.qr(innerOf(x)));
    return { q: this.#own(q), r: this.#own(r) };
  }

  keepMask(shape: readonly number[], { rate, seed }: Drop, kept = 1): Tensor {
    return this.#compute((tf) => {
      const draws = tf.randomUniform([...shape], 0, 1, "float32", seed[0] * 65_537 + seed[1]);
      return tf.mul(tf.cast(tf.greaterEqual(draws, rate), "float32"), kept);
    });
  }

  reshape(x: Tensor, shape: readonly number[]): Tensor {
    return this.#own(this.#tf.reshape(innerOf(x), [...shape]));
  }

  transpose(x: Tensor, permutation: readonly number[]): Tensor {
    return this.#own(this.#tf.transpose(innerOf(x), [...permutation]));
  }

  sliceRows(x: Tensor, begin: number, count: number): Tensor {
    const rest = x.shape.slice(1);
    return this.#own(this.#tf.slice(innerOf(x), [begin, ...rest.map(() => 0)], [count, ...rest]));
  }

  splitRows(x: Tensor, rows: readonly number[]): Tensor[] {
    return this.#tf.split(innerOf(x), [...rows], 0).map((part) => this.#own(part));
  }

  concatRows(parts: readonly Tensor[]): Tensor {
    return this.#own(this.#tf.concat(parts.map(innerOf), 0));
  }

  gatherRows(x: Tensor, indices: Tensor): Tensor {
    return this.#own(this.#tf.gather(innerOf(x), innerOf(indices)));
  }

  scatterRows(updates: Tensor, indices: Tensor, rows: number): Tensor {
    return this.#compute((tf) =>
      tf.scatterND(tf.reshape<Rank.R2>(innerOf(indices), [-1, 1]), innerOf(updates), [rows, ...updates.shape.slice(1)]),
    );
  }

  /** A tensor that a backend made by a program of ours. */
  protected ownInfo(
    info: { readonly dataId: object; readonly shape: number[]; readonly dtype: "float32" },
    backend: object,
  ): Tensor {
    const engine = this.#tf.engine() as unknown as {
      makeTensorFromTensorInfo(info: object, backend: object): TfTensor;
    };
    return this.#own(engine.makeTensorFromTensorInfo(info, backend));
  }

  #compute(body: (tf: Tfjs) => TfTensor): Tensor {
    return this.#own(this.#tf.tidy(() => body(this.#tf)));
  }

  #own(inner: TfTensor): WrappedTensor {
    const tensor = new WrappedTensor(inner);
    this.#alive++;
    this.#scopes.enter(tensor);
    return tensor;
  }
}

function innerOf(tensor: Tensor): TfTensor {
  if (!(tensor instanceof WrappedTensor))
    throw new TypeError("The tensor must belong to these ops; it belongs to another implementation.");
  return tensor.inner;
}
