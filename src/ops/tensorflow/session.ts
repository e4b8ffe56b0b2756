import { TsloraError } from "../../base/tslora-error";
import { LiveTensors, type OwnTensor } from "../live-tensors";
import { loadTensorFlow, type Binding, type OpAttribute } from "../load-tensorflow";
import type { TensorLifetimes } from "../primitives";
import { sizeOf, type Tensor } from "../tensor";
import { attributesOf } from "./attributes";
import type { TensorflowCalls } from "./calls";
import { explainErrors } from "./explain-errors";

/** Most scalars in the cache. It needs a limit, since learning rates change all the time. */
const MOST_SCALARS = 256;
/** Most vectors of integers in the cache. */
const MOST_INTEGERS = 10_000;

/** A tensor, known by its id in TensorFlow's binding. */
class RawTensor implements OwnTensor {
  disposed = false;
  constructor(
    readonly id: number,
    readonly shape: readonly number[],
  ) {}
}

/**
 * Calls TensorFlow directly, without a tape and without tfjs tensors. Each tensor is freed when its scope ends. One
 * session serves the whole process; it caches constants (shapes, axes, scalars).
 */
export class TensorflowSession implements TensorflowCalls {
  readonly binding: Binding;
  readonly usesGpu: boolean;
  readonly tensors: LiveTensors<RawTensor>;
  readonly #integers = new Map<string, number>();
  readonly #scalars = new Map<number, RawTensor>();

  constructor() {
    const { binding, usesGpu } = loadTensorFlow();
    this.binding = binding;
    this.usesGpu = usesGpu;
    this.tensors = new LiveTensors({ type: RawTensor, free: ({ id }) => binding.deleteTensor(id) });
  }

  get lifetimes(): TensorLifetimes {
    return this.tensors.lifetimes;
  }

  /** Runs an operation whose attributes TensorFlow infers from its inputs, or defaults. */
  run(op: string, ...inputs: readonly Tensor[]): Tensor {
    return this.runIds(
      op,
      inputs.map((input) => this.idOf(input)),
    );
  }

  /** Runs an operation with one output. Inputs are TensorFlow ids. */
  runIds(op: string, inputs: number[], attributes: readonly OpAttribute[] = []): Tensor {
    return this.execute(op, attributes, inputs, 1)[0];
  }

  /** Runs an operation. Inputs are TensorFlow ids. */
  execute(op: string, attributes: readonly OpAttribute[], inputs: number[], outputs: number): Tensor[] {
    return explainErrors(() => this.binding.executeOp(op, attributes, inputs, outputs)).map(({ id, shape }) =>
      this.tensors.enter(new RawTensor(id, shape)),
    );
  }

  /** TensorFlow's id of a tensor. */
  idOf(tensor: Tensor): number {
    return this.tensors.own(tensor).id;
  }

  float(values: Float32Array, shape: readonly number[]): Tensor {
    return this.#create(values, shape, this.binding.TF_FLOAT);
  }

  /** Integers in the host's memory: sizes, seeds and other values that an operation needs before it starts. */
  onHost(values: Int32Array, shape: readonly number[]): Tensor {
    return this.#create(values, shape, this.binding.TF_INT32);
  }

  indices(values: Int32Array, shape: readonly number[]): Tensor {
    if (!this.usesGpu) return this.onHost(values, shape);
    // The binding keeps integers in the host's memory: each operation would fetch them again and wait for all earlier
    // work. It copies floats to the GPU, so integers are sent as floats: exact up to 2^24, more than any vocabulary
    // or batch.
    return this.tensors.tidy(() => {
      const floats = this.float(Float32Array.from(values), shape);
      return this.runIds("Cast", [this.idOf(floats)], attributesOf(this.binding).toInt);
    });
  }

  /** Id of a vector of integers. The vector is cached. */
  integers(values: readonly number[]): number {
    return this.#keptIntegers(values.join(), Int32Array.from(values), [values.length]);
  }

  /** Id of one integer. It is cached. */
  integer(value: number): number {
    return this.#keptIntegers(`scalar ${value}`, Int32Array.of(value), []);
  }

  /** A scalar. It is cached; if the cache is full, the innermost scope owns it. */
  scalar(value: number): Tensor {
    const kept = this.#scalars.get(value);
    if (kept !== undefined) return kept;
    const tensor = new RawTensor(this.binding.createTensor([], this.binding.TF_FLOAT, Float32Array.of(value)), []);
    if (this.#scalars.size < MOST_SCALARS) this.#scalars.set(value, tensor);
    else this.tensors.enter(tensor);
    return tensor;
  }

  #create(values: Float32Array | Int32Array, shape: readonly number[], dtype: number): RawTensor {
    if (values.length !== sizeOf(shape)) {
      throw new TsloraError(
        "bad-input",
        `A tensor of shape [${shape.join(", ")}] must have ${sizeOf(shape)} values; got ${values.length}.`,
      );
    }
    return this.tensors.enter(new RawTensor(this.binding.createTensor([...shape], dtype, values), shape));
  }

  #keptIntegers(key: string, values: Int32Array, shape: number[]): number {
    const kept = this.#integers.get(key);
    if (kept !== undefined) return kept;
    if (this.#integers.size > MOST_INTEGERS) this.#forgetIntegers();
    const id = this.binding.createTensor(shape, this.binding.TF_INT32, values);
    this.#integers.set(key, id);
    return id;
  }

  #forgetIntegers(): void {
    for (const id of this.#integers.values()) this.binding.deleteTensor(id);
    this.#integers.clear();
  }
}
