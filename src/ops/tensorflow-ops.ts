import { TsloraError } from "../base/tslora-error";
import { ComposedOps } from "./composed-ops";
import { loadTensorFlow, type Binding, type OpAttribute } from "./load-tensorflow";
import type { Drop, LayerNormSaved, Ops } from "./ops";
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
  readonly #usesGpu: boolean;
  readonly #scopes: Scopes<RawTensor>;
  readonly #intConstants = new Map<string, number>();
  readonly #floatConstants = new Map<number, RawTensor>();
  readonly #attributes: Attributes;
  #alive = 0;

  constructor() {
    super();
    const { binding, usesGpu } = loadTensorFlow();
    this.binding = binding;
    this.#usesGpu = usesGpu;
    this.#attributes = attributesOf(this.binding);
    this.#scopes = new Scopes({
      isOwn: (value): value is RawTensor => value instanceof RawTensor,
      free: (tensor) => this.dispose(tensor),
    });
  }

  float(values: Float32Array, shape: readonly number[]): Tensor {
    return this.#create(values, shape, this.binding.TF_FLOAT);
  }

  int(values: Int32Array, shape: readonly number[]): Tensor {
    if (!this.#usesGpu) return this.onHost(values, shape);
    // The binding leaves integers in the host's memory, from where each operation would fetch them anew, and wait for
    // all before it. Floats it brings to the GPU; up to 2^24, beyond any vocabulary and batch, they are the same
    // numbers.
    return this.tidy(() => this.#cast(this.float(Float32Array.from(values), shape), "toInt"));
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
    return this.#run("AddV2", a, b);
  }

  sub(a: Tensor, b: Tensor): Tensor {
    return this.#run("Sub", a, b);
  }

  mul(a: Tensor, b: Tensor): Tensor {
    return this.#run("Mul", a, b);
  }

  div(a: Tensor, b: Tensor): Tensor {
    return this.#run("RealDiv", a, b);
  }

  scale(x: Tensor, factor: number): Tensor {
    return this.mul(x, this.#scalar(factor));
  }

  shift(x: Tensor, offset: number): Tensor {
    return this.add(x, this.#scalar(offset));
  }

  square(x: Tensor): Tensor {
    return this.#run("Square", x);
  }

  sqrt(x: Tensor): Tensor {
    return this.#run("Sqrt", x);
  }

  pow(x: Tensor, exponent: number): Tensor {
    return this.#run("Pow", x, this.#scalar(exponent));
  }

  tanh(x: Tensor): Tensor {
    return this.#run("Tanh", x);
  }

  relu(x: Tensor): Tensor {
    return this.#run("Relu", x);
  }

  reluBackward(dy: Tensor, y: Tensor): Tensor {
    return this.#run("ReluGrad", dy, y);
  }

  gelu(x: Tensor, { derivative }: { derivative: boolean }): { y: Tensor; derivative?: Tensor } {
    return this.tidy(() => {
      const u = this.scale(x, SQRT_HALF);
      const cdf = this.scale(this.shift(this.#run("Erf", u), 1), 0.5); // Phi(x)
      const y = this.mul(x, cdf);
      if (!derivative) return { y };
      // Phi(x) + x phi(x), and x phi(x) = u exp(log(2/sqrt(pi)) - u^2) / 2
      const density = this.#run("Exp", this.sub(this.#scalar(LOG_TWO_OVER_SQRT_PI - Math.LN2), this.square(u)));
      return { y, derivative: this.add(cdf, this.mul(u, density)) };
    });
  }

  matMul(a: Tensor, b: Tensor, options: { transposeA?: boolean; transposeB?: boolean } = {}): Tensor {
    const kind = (options.transposeA === true ? 2 : 0) + (options.transposeB === true ? 1 : 0);
    if (a.shape.length === 2) return this.#runIds("MatMul", [idOf(a), idOf(b)], this.#attributes.matMul[kind]);
    if (sizeOf(a.shape.slice(0, -2)) === 1) {
      // A batch of one is a plain product: for batches oneDNN compiles, and keeps, code for every shape that comes.
      return this.tidy(() => {
        const product = this.matMul(this.reshape(a, a.shape.slice(-2)), this.reshape(b, b.shape.slice(-2)), options);
        return this.reshape(product, [...a.shape.slice(0, -2), ...product.shape]);
      });
    }
    return this.#runIds("BatchMatMulV2", [idOf(a), idOf(b)], this.#attributes.batchMatMul[kind]);
  }

  toBfloat16(x: Tensor): Tensor {
    return this.#cast(x, "toBfloat16");
  }

  matMulBfloat16(a: Tensor, b: Tensor): Tensor {
    return this.tidy(() => this.#cast(this.#run("MatMul", a, b), "toFloat"));
  }

  addBias(x: Tensor, bias: Tensor): Tensor {
    return this.#run("BiasAdd", x, bias);
  }

  override addN(parts: readonly Tensor[]): Tensor {
    return this.#runIds("AddN", parts.map(idOf), this.#listOf(parts.length));
  }

  sum(x: Tensor, axes: readonly number[], { keepDims = false }: { keepDims?: boolean } = {}): Tensor {
    return this.#reduce("Sum", x, axes, keepDims);
  }

  softmax(x: Tensor): Tensor {
    return this.#run("Softmax", x);
  }

  logSoftmax(x: Tensor): Tensor {
    return this.#run("LogSoftmax", x);
  }

  layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): { y: Tensor; saved: LayerNormSaved } {
    return this.tidy(() => {
      const last = [x.shape.length - 1];
      const centered = this.sub(x, this.#reduce("Mean", x, last, true));
      const variance = this.#reduce("Mean", this.square(centered), last, true);
      const inverseDeviation = this.#run("Rsqrt", this.shift(variance, epsilon));
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
      const [s, u, v] = this.#inDouble("Svd", x, 3);
      return { u, s, v };
    });
  }

  qr(x: Tensor): { q: Tensor; r: Tensor } {
    return this.tidy(() => {
      const [q, r] = this.#inDouble("Qr", x, 2);
      return { q, r };
    });
  }

  keepMask(shape: readonly number[], drop: Drop, kept = 1): Tensor {
    return this.tidy(() => this.#run("SelectV2", this.mark(shape, drop), this.#scalar(kept), this.#scalar(0)));
  }

  /** True where something is kept: a quarter of the memory that a mask of floats takes. */
  protected override mark(shape: readonly number[], { rate, seed }: Drop): Tensor {
    return this.tidy(() => {
      const draws = this.#runIds(
        "StatelessRandomUniform",
        [this.#ints(shape), idOf(this.onHost(Int32Array.from(seed), [2]))],
        this.#attributes.random,
      ); // in [0, 1)
      return this.#run("GreaterEqual", draws, this.#scalar(rate));
    });
  }

  protected override marked(x: Tensor, mark: Tensor): Tensor {
    return this.#run("SelectV2", mark, x, this.#scalar(0));
  }

  reshape(x: Tensor, shape: readonly number[]): Tensor {
    return this.#runIds("Reshape", [idOf(x), this.#ints(shape)]);
  }

  transpose(x: Tensor, permutation: readonly number[]): Tensor {
    return this.#runIds("Transpose", [idOf(x), this.#ints(permutation)]);
  }

  sliceRows(x: Tensor, begin: number, count: number): Tensor {
    const start = x.shape.map((_, axis) => (axis === 0 ? begin : 0));
    const size = x.shape.map((extent, axis) => (axis === 0 ? count : extent));
    return this.tidy(() =>
      this.#runIds("Slice", [
        idOf(x),
        idOf(this.onHost(Int32Array.from(start), [start.length])),
        idOf(this.onHost(Int32Array.from(size), [size.length])),
      ]),
    );
  }

  splitRows(x: Tensor, rows: readonly number[]): Tensor[] {
    return this.execute(
      "SplitV",
      [{ name: "num_split", type: this.binding.TF_ATTR_INT, value: rows.length }],
      [idOf(x), this.#ints(rows), this.#ints([], 0)],
      rows.length,
    );
  }

  concatRows(parts: readonly Tensor[]): Tensor {
    return this.#runIds("ConcatV2", [...parts.map(idOf), this.#ints([], 0)], this.#listOf(parts.length));
  }

  gatherRows(x: Tensor, indices: Tensor): Tensor {
    return this.#runIds("GatherV2", [idOf(x), idOf(indices), this.#ints([], 0)]);
  }

  scatterRows(updates: Tensor, indices: Tensor, rows: number): Tensor {
    return this.#runIds("UnsortedSegmentSum", [idOf(updates), idOf(indices), this.#ints([], rows)]);
  }

  #reduce(op: "Sum" | "Mean", x: Tensor, axes: readonly number[], keepDims: boolean): Tensor {
    return this.#runIds(op, [idOf(x), this.#ints(axes)], keepDims ? this.#attributes.keepDims : []);
  }

  /** An op of several results in 64-bit floats, on one tensor of 32-bit floats; so are the results. */
  #inDouble(op: string, x: Tensor, outputs: number): Tensor[] {
    const wide = this.#cast(x, "toDouble");
    return this.execute(op, [], [idOf(wide)], outputs).map((result) => this.#cast(result, "toFloat"));
  }

  #cast(x: Tensor, to: "toFloat" | "toDouble" | "toBfloat16" | "toInt"): Tensor {
    return this.#runIds("Cast", [idOf(x)], this.#attributes[to]);
  }

  /** An operation of which TensorFlow takes the attributes from its inputs, or by default. */
  #run(op: string, ...inputs: readonly Tensor[]): Tensor {
    return this.#runIds(op, inputs.map(idOf));
  }

  #runIds(op: string, inputs: number[], attributes: readonly OpAttribute[] = []): Tensor {
    return this.execute(op, attributes, inputs, 1)[0];
  }

  /** So many tensors are an operation's one input: of such TensorFlow does not look at the types. */
  #listOf(length: number): OpAttribute[] {
    return [this.#attributes.listed, { name: "N", type: this.binding.TF_ATTR_INT, value: length }];
  }

  /** An operation by TensorFlow's numbers for its inputs. */
  protected execute(op: string, attributes: readonly OpAttribute[], inputs: number[], outputs: number): Tensor[] {
    return this.binding
      .executeOp(op, attributes, inputs, outputs)
      .map(({ id, shape }) => this.#own(new RawTensor(id, shape)));
  }

  /**
   * Integers that an operation takes from the host's memory: sizes, seeds and what else it is to know before it begins.
   */
  protected onHost(values: Int32Array, shape: readonly number[]): Tensor {
    return this.#create(values, shape, this.binding.TF_INT32);
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
      throw new TsloraError(
        "bad-input",
        `A tensor of shape [${shape.join(", ")}] must have ${sizeOf(shape)} values; got ${values.length}.`,
      );
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
      id =
        scalar === undefined
          ? this.binding.createTensor([values.length], this.binding.TF_INT32, Int32Array.from(values))
          : this.binding.createTensor([], this.binding.TF_INT32, Int32Array.of(scalar));
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

/**
 * Attributes that TensorFlow can neither infer from an operation's inputs nor default: to pass an attribute takes a
 * tenth of a small operation's time.
 */
function attributesOf(binding: Binding) {
  const type = (name: string, value: number): OpAttribute => ({ name, type: binding.TF_ATTR_TYPE, value });
  const flag = (name: string): OpAttribute => ({ name, type: binding.TF_ATTR_BOOL, value: true });
  const { TF_FLOAT: float, TF_INT32: int } = binding;
  const pairs = [0, 1, 2, 3].map((kind) => [kind >= 2, kind % 2 === 1] as const);
  return {
    matMul: pairs.map(([a, b]) => [...(a ? [flag("transpose_a")] : []), ...(b ? [flag("transpose_b")] : [])]),
    batchMatMul: pairs.map(([a, b]) => [...(a ? [flag("adj_x")] : []), ...(b ? [flag("adj_y")] : [])]),
    listed: type("T", float),
    keepDims: [flag("keep_dims")],
    random: [type("dtype", float)],
    toFloat: [type("DstT", float)],
    toInt: [type("DstT", int)],
    toDouble: [type("DstT", TF_DOUBLE)],
    toBfloat16: [type("DstT", TF_BFLOAT16)],
  } satisfies Record<string, OpAttribute | readonly OpAttribute[] | readonly (readonly OpAttribute[])[]>;
}

function idOf(tensor: Tensor): number {
  if (!(tensor instanceof RawTensor))
    throw new TypeError("The tensor must belong to these ops; it belongs to another implementation.");
  if (tensor.disposed)
    throw new TsloraError(
      "device",
      `A tensor of shape [${tensor.shape.join(", ")}] was used after it was disposed of. This is a fault of tslora; please report it.`,
    );
  return tensor.id;
}
