import { TsloraError } from "../base/tslora-error";
import { ComposedOps } from "./composed-ops";
import { loadTensorFlow, type Binding, type OpAttribute } from "./load-tensorflow";
import type { LayerNormSaved, Ops } from "./ops";
import { Scopes } from "./scopes";
import { sizeOf, type Tensor } from "./tensor";

/** A tensor by its number in TensorFlow's binding. */
class RawTensor implements Tensor {
  disposed = false;
  constructor(
    readonly id: number,
    readonly shape: readonly number[],
  ) {}
}

const SQRT_HALF = Math.SQRT1_2;
// TensorFlow's DT_DOUBLE and DT_BFLOAT16, which the binding does not name.
const TF_DOUBLE = 2;
const TF_BFLOAT16 = 14;
const LOG_TWO_OVER_SQRT_PI = Math.log(2 / Math.sqrt(Math.PI));

/**
 * The ops by raw calls into TensorFlow: no tape, no tfjs tensors, each tensor freed the moment its scope ends.
 * One instance a process suffices; its constants (shapes, axes, scalars) are cached for its life.
 */
export class TensorflowOps extends ComposedOps implements Ops {
  readonly name = "tensorflow";
  readonly draws: string = "TensorFlow, uniform floats, by block";
  protected readonly binding: Binding;
  readonly #scopes: Scopes<RawTensor>;
  readonly #intConstants = new Map<string, number>();
  readonly #floatConstants = new Map<number, RawTensor>();
  readonly #attributes: Attributes;
  #alive = 0;

  constructor() {
    super();
    this.binding = loadTensorFlow().binding;
    this.#attributes = attributesOf(this.binding);
    this.#scopes = new Scopes({ isOwn: (value): value is RawTensor => value instanceof RawTensor, free: (tensor) => this.dispose(tensor) });
  }

  float(values: Float32Array, shape: readonly number[]): Tensor {
    return this.#create(values, shape, this.binding.TF_FLOAT);
  }

  int(values: Int32Array, shape: readonly number[]): Tensor {
    return this.#create(values, shape, this.binding.TF_INT32);
  }

  async read(x: Tensor): Promise<Float32Array> {
    return this.binding.tensorDataSync(idOf(x)) as Float32Array;
  }

  dispose(...tensors: readonly (Tensor | undefined)[]): void {
    for (const tensor of tensors) {
      if (!(tensor instanceof RawTensor) || tensor.disposed) continue;
      tensor.disposed = true;
      this.binding.deleteTensor(tensor.id);
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
    return this.#run("AddV2", this.#attributes.float, a, b);
  }

  sub(a: Tensor, b: Tensor): Tensor {
    return this.#run("Sub", this.#attributes.float, a, b);
  }

  mul(a: Tensor, b: Tensor): Tensor {
    return this.#run("Mul", this.#attributes.float, a, b);
  }

  div(a: Tensor, b: Tensor): Tensor {
    return this.#run("RealDiv", this.#attributes.float, a, b);
  }

  scale(x: Tensor, factor: number): Tensor {
    return this.mul(x, this.#scalar(factor));
  }

  shift(x: Tensor, offset: number): Tensor {
    return this.add(x, this.#scalar(offset));
  }

  square(x: Tensor): Tensor {
    return this.#run("Square", this.#attributes.float, x);
  }

  sqrt(x: Tensor): Tensor {
    return this.#run("Sqrt", this.#attributes.float, x);
  }

  pow(x: Tensor, exponent: number): Tensor {
    return this.#run("Pow", this.#attributes.float, x, this.#scalar(exponent));
  }

  tanh(x: Tensor): Tensor {
    return this.#run("Tanh", this.#attributes.float, x);
  }

  relu(x: Tensor): Tensor {
    return this.#run("Relu", this.#attributes.float, x);
  }

  reluBackward(dy: Tensor, y: Tensor): Tensor {
    return this.#run("ReluGrad", this.#attributes.float, dy, y);
  }

  gelu(x: Tensor, { derivative }: { derivative: boolean }): { y: Tensor; derivative?: Tensor } {
    return this.tidy(() => {
      const u = this.scale(x, SQRT_HALF);
      const cdf = this.scale(this.shift(this.#run("Erf", this.#attributes.float, u), 1), 0.5); // Phi(x)
      const y = this.mul(x, cdf);
      if (!derivative) return { y };
      // Phi(x) + x phi(x), and x phi(x) = u exp(log(2/sqrt(pi)) - u^2) / 2
      const density = this.#run("Exp", this.#attributes.float, this.sub(this.#scalar(LOG_TWO_OVER_SQRT_PI - Math.LN2), this.square(u)));
      return { y, derivative: this.add(cdf, this.mul(u, density)) };
    });
  }

  matMul(a: Tensor, b: Tensor, options: { transposeA?: boolean; transposeB?: boolean } = {}): Tensor {
    const kind = (options.transposeA === true ? 2 : 0) + (options.transposeB === true ? 1 : 0);
    if (a.shape.length === 2) return this.#run("MatMul", this.#attributes.matMul[kind], a, b);
    if (sizeOf(a.shape.slice(0, -2)) === 1) {
      // A batch of one is a plain product: for batches oneDNN compiles, and keeps, code for every shape that comes.
      return this.tidy(() => {
        const product = this.matMul(this.reshape(a, a.shape.slice(-2)), this.reshape(b, b.shape.slice(-2)), options);
        return this.reshape(product, [...a.shape.slice(0, -2), ...product.shape]);
      });
    }
    return this.#run("BatchMatMulV2", this.#attributes.batchMatMul[kind], a, b);
  }

  toBfloat16(x: Tensor): Tensor {
    return this.#run("Cast", this.#attributes.floatToBfloat16, x);
  }

  matMulBfloat16(a: Tensor, b: Tensor): Tensor {
    return this.tidy(() => this.#run("Cast", this.#attributes.bfloat16ToFloat, this.#run("MatMul", this.#attributes.matMulBfloat16, a, b)));
  }

  addBias(x: Tensor, bias: Tensor): Tensor {
    return this.#run("BiasAdd", this.#attributes.biasAdd, x, bias);
  }

  override addN(parts: readonly Tensor[]): Tensor {
    return this.#runIds("AddN", [...this.#attributes.float, { name: "N", type: this.binding.TF_ATTR_INT, value: parts.length }], parts.map(idOf));
  }

  sum(x: Tensor, axes: readonly number[], { keepDims = false }: { keepDims?: boolean } = {}): Tensor {
    return this.#reduce("Sum", x, axes, keepDims);
  }

  softmax(x: Tensor): Tensor {
    return this.#run("Softmax", this.#attributes.float, x);
  }

  logSoftmax(x: Tensor): Tensor {
    return this.#run("LogSoftmax", this.#attributes.float, x);
  }

  layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): { y: Tensor; saved: LayerNormSaved } {
    return this.tidy(() => {
      const last = [x.shape.length - 1];
      const centered = this.sub(x, this.#reduce("Mean", x, last, true));
      const variance = this.#reduce("Mean", this.square(centered), last, true);
      const inverseDeviation = this.#run("Rsqrt", this.#attributes.float, this.shift(variance, epsilon));
      const normalized = this.mul(centered, inverseDeviation);
      return { y: this.add(this.mul(normalized, gamma), beta), saved: { normalized, inverseDeviation } };
    });
  }

  layerNormBackward(dy: Tensor, gamma: Tensor, saved: LayerNormSaved): Tensor {
    return this.tidy(() => {
      const last = [dy.shape.length - 1];
      const g = this.mul(dy, gamma);
      const mean = this.#reduce("Mean", g, last, true);
      const slope = this.#reduce("Mean", this.mul(g, saved.normalized), last, true);
      const projected = this.sub(this.sub(g, this.mul(saved.normalized, slope)), mean);
      return this.mul(projected, saved.inverseDeviation);
    });
  }

  svd(x: Tensor): { u: Tensor; s: Tensor; v: Tensor } {
    return this.tidy(() => {
      const [s, u, v] = this.#inDouble("Svd", this.#attributes.svd, x, 3);
      return { u, s, v };
    });
  }

  qr(x: Tensor): { q: Tensor; r: Tensor } {
    return this.tidy(() => {
      const [q, r] = this.#inDouble("Qr", this.#attributes.qr, x, 2);
      return { q, r };
    });
  }

  keepMask(shape: readonly number[], rate: number, seed: readonly [number, number]): Tensor {
    return this.tidy(() => {
      const draws = this.#runIds("StatelessRandomUniform", this.#attributes.random, [this.#ints(shape), idOf(this.int(Int32Array.from(seed), [2]))]); // in [0, 1)
      return this.#run("Cast", this.#attributes.boolToFloat, this.#run("GreaterEqual", this.#attributes.float, draws, this.#scalar(rate)));
    });
  }

  reshape(x: Tensor, shape: readonly number[]): Tensor {
    return this.#runIds("Reshape", this.#attributes.reshape, [idOf(x), this.#ints(shape)]);
  }

  transpose(x: Tensor, permutation: readonly number[]): Tensor {
    return this.#runIds("Transpose", this.#attributes.transpose, [idOf(x), this.#ints(permutation)]);
  }

  sliceRows(x: Tensor, begin: number, count: number): Tensor {
    const start = x.shape.map((_, axis) => (axis === 0 ? begin : 0));
    const size = x.shape.map((extent, axis) => (axis === 0 ? count : extent));
    return this.tidy(() => this.#runIds("Slice", this.#attributes.slice, [idOf(x), idOf(this.int(Int32Array.from(start), [start.length])), idOf(this.int(Int32Array.from(size), [size.length]))]));
  }

  splitRows(x: Tensor, rows: readonly number[]): Tensor[] {
    const attributes = [...this.#attributes.split, { name: "num_split", type: this.binding.TF_ATTR_INT, value: rows.length }];
    return this.execute("SplitV", attributes, [idOf(x), this.#ints(rows), this.#ints([], 0)], rows.length);
  }

  concatRows(parts: readonly Tensor[]): Tensor {
    const attributes = [...this.#attributes.concat, { name: "N", type: this.binding.TF_ATTR_INT, value: parts.length }];
    return this.#runIds("ConcatV2", attributes, [...parts.map(idOf), this.#ints([], 0)]);
  }

  gatherRows(x: Tensor, indices: Tensor): Tensor {
    return this.#runIds("GatherV2", this.#attributes.gather, [idOf(x), idOf(indices), this.#ints([], 0)]);
  }

  scatterRows(updates: Tensor, indices: Tensor, rows: number): Tensor {
    return this.tidy(() => {
      const column = this.#runIds("Reshape", this.#attributes.reshapeInt, [idOf(indices), this.#ints([indices.shape[0], 1])]);
      return this.#runIds("ScatterNd", this.#attributes.scatter, [idOf(column), idOf(updates), this.#ints([rows, ...updates.shape.slice(1)])]);
    });
  }

  #reduce(op: "Sum" | "Mean", x: Tensor, axes: readonly number[], keepDims: boolean): Tensor {
    return this.#runIds(op, keepDims ? this.#attributes.reduceKeep : this.#attributes.reduce, [idOf(x), this.#ints(axes)]);
  }

  /** An op of several results in 64-bit floats, on one tensor of 32-bit floats; so are the results. */
  #inDouble(op: string, attributes: readonly OpAttribute[], x: Tensor, outputs: number): Tensor[] {
    const wide = this.#run("Cast", this.#attributes.floatToDouble, x);
    return this.execute(op, attributes, [idOf(wide)], outputs).map((result) => this.#run("Cast", this.#attributes.doubleToFloat, result));
  }

  #run(op: string, attributes: readonly OpAttribute[], ...inputs: readonly Tensor[]): Tensor {
    return this.#runIds(op, attributes, inputs.map(idOf));
  }

  #runIds(op: string, attributes: readonly OpAttribute[], inputs: number[]): Tensor {
    return this.execute(op, attributes, inputs, 1)[0];
  }

  /** An operation by TensorFlow's numbers for its inputs. */
  protected execute(op: string, attributes: readonly OpAttribute[], inputs: number[], outputs: number): Tensor[] {
    return this.binding.executeOp(op, attributes, inputs, outputs).map(({ id, shape }) => this.#own(new RawTensor(id, shape)));
  }

  /** TensorFlow's number for a tensor. */
  protected idOf(tensor: Tensor): number {
    return idOf(tensor);
  }

  /** The number of a vector of integers that is kept for later calls. */
  protected intsOf(values: readonly number[]): number {
    return this.#ints(values);
  }

  /** The number of a scalar that stands for a tensor that is not given. */
  protected get absent(): number {
    return this.#scalar(0).id;
  }

  #create(values: Float32Array | Int32Array, shape: readonly number[], dtype: number): RawTensor {
    if (values.length !== sizeOf(shape)) {
      throw new TsloraError("bad-input", `A tensor of shape [${shape.join(", ")}] takes ${sizeOf(shape)} values; ${values.length} came.`);
    }
    return this.#own(new RawTensor(this.binding.createTensor([...shape], dtype, values), shape));
  }

  #own(tensor: RawTensor): RawTensor {
    this.#alive++;
    this.#scopes.enter(tensor);
    return tensor;
  }

  /** The number of a cached vector of integers, or of a cached scalar where `scalar` is given. */
  #ints(values: readonly number[], scalar?: number): number {
    const key = scalar === undefined ? values.join() : `scalar ${scalar}`;
    let id = this.#intConstants.get(key);
    if (id === undefined) {
      if (this.#intConstants.size > 10_000) this.#forgetInts();
      id = scalar === undefined ? this.binding.createTensor([values.length], this.binding.TF_INT32, Int32Array.from(values)) : this.binding.createTensor([], this.binding.TF_INT32, Int32Array.of(scalar));
      this.#intConstants.set(key, id);
    }
    return id;
  }

  #forgetInts(): void {
    for (const id of this.#intConstants.values()) this.binding.deleteTensor(id);
    this.#intConstants.clear();
  }

  #scalar(value: number): RawTensor {
    const cached = this.#floatConstants.get(value);
    if (cached !== undefined) return cached;
    const id = this.binding.createTensor([], this.binding.TF_FLOAT, Float32Array.of(value));
    const tensor = new RawTensor(id, []);
    // Learning rates come and go: only so many scalars are kept, the others are the innermost scope's.
    if (this.#floatConstants.size < 256) this.#floatConstants.set(value, tensor);
    else this.#own(tensor);
    return tensor;
  }
}

type Attributes = ReturnType<typeof attributesOf>;

function attributesOf(binding: Binding) {
  const type = (name: string, value: number): OpAttribute => ({ name, type: binding.TF_ATTR_TYPE, value });
  const flag = (name: string, value: boolean): OpAttribute => ({ name, type: binding.TF_ATTR_BOOL, value });
  const { TF_FLOAT: float, TF_INT32: int, TF_BOOL: bool } = binding;
  const t = type("T", float);
  const pairs = [0, 1, 2, 3].map((kind) => [kind >= 2, kind % 2 === 1] as const);
  return {
    float: [t],
    matMul: pairs.map(([a, b]) => [t, flag("transpose_a", a), flag("transpose_b", b)]),
    batchMatMul: pairs.map(([a, b]) => [t, flag("adj_x", a), flag("adj_y", b)]),
    matMulBfloat16: [type("T", TF_BFLOAT16), flag("transpose_a", false), flag("transpose_b", false)],
    floatToBfloat16: [type("SrcT", float), type("DstT", TF_BFLOAT16), flag("Truncate", false)],
    bfloat16ToFloat: [type("SrcT", TF_BFLOAT16), type("DstT", float), flag("Truncate", false)],
    biasAdd: [t, { name: "data_format", type: binding.TF_ATTR_STRING, value: "NHWC" }],
    reduce: [t, type("Tidx", int), flag("keep_dims", false)],
    reduceKeep: [t, type("Tidx", int), flag("keep_dims", true)],
    reshape: [t, type("Tshape", int)],
    reshapeInt: [type("T", int), type("Tshape", int)],
    transpose: [t, type("Tperm", int)],
    slice: [t, type("Index", int)],
    split: [t, type("Tlen", int)],
    concat: [t, type("Tidx", int)],
    gather: [type("Tparams", float), type("Tindices", int), type("Taxis", int), { name: "batch_dims", type: binding.TF_ATTR_INT, value: 0 }],
    scatter: [t, type("Tindices", int)],
    random: [type("dtype", float), type("T", int), type("Tseed", int)],
    floatToDouble: [type("SrcT", float), type("DstT", TF_DOUBLE), flag("Truncate", false)],
    doubleToFloat: [type("SrcT", TF_DOUBLE), type("DstT", float), flag("Truncate", false)],
    svd: [type("T", TF_DOUBLE), flag("compute_uv", true), flag("full_matrices", false)],
    qr: [type("T", TF_DOUBLE), flag("full_matrices", false)],
    boolToFloat: [type("SrcT", bool), type("DstT", float), flag("Truncate", false)],
  } satisfies Record<string, readonly OpAttribute[] | readonly (readonly OpAttribute[])[]>;
}

function idOf(tensor: Tensor): number {
  if (!(tensor instanceof RawTensor)) throw new TypeError("A tensor of these ops was expected, but one of another implementation came.");
  if (tensor.disposed) throw new TsloraError("device", `A tensor of shape [${tensor.shape.join(", ")}] was used after it was disposed of. This is a fault of tslora; please report it.`);
  return tensor.id;
}
