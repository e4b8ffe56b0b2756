import { TsloraError } from "../../base/tslora-error";
import { LiveTensors, type OwnTensor } from "../live-tensors";
import { loadTensorFlow, type Binding, type OpAttribute } from "../load-tensorflow";
import { sizeOf, type Tensor } from "../tensor";

/** Scalars that are kept. Learning rates come and go, so that not all can be. */
const MOST_SCALARS = 256;
/** Vectors of integers that are kept. */
const MOST_INTEGERS = 10_000;

/** A tensor by its number in TensorFlow's binding. */
class RawTensor implements OwnTensor {
  disposed = false;
  constructor(
    readonly id: number,
    readonly shape: readonly number[],
  ) {}
}

/**
 * Raw calls into TensorFlow: no tape, no tfjs tensors; each tensor is freed the moment its scope ends. One session for a
 * process is enough; its constants (shapes, axes, scalars) are cached for its life.
 */
export class TensorflowSession {
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

  /** An operation whose attributes TensorFlow infers from its inputs, or defaults. */
  run(op: string, ...inputs: readonly Tensor[]): Tensor {
    return this.runIds(
      op,
      inputs.map((input) => this.idOf(input)),
    );
  }

  /** An operation with one output, by TensorFlow's numbers for its inputs. */
  runIds(op: string, inputs: number[], attributes: readonly OpAttribute[] = []): Tensor {
    return this.execute(op, attributes, inputs, 1)[0];
  }

  /** An operation, by TensorFlow's numbers for its inputs. */
  execute(op: string, attributes: readonly OpAttribute[], inputs: number[], outputs: number): Tensor[] {
    return this.binding
      .executeOp(op, attributes, inputs, outputs)
      .map(({ id, shape }) => this.tensors.enter(new RawTensor(id, shape)));
  }

  /** TensorFlow's number for a tensor. */
  idOf(tensor: Tensor): number {
    return this.tensors.own(tensor).id;
  }

  float(values: Float32Array, shape: readonly number[]): Tensor {
    return this.#create(values, shape, this.binding.TF_FLOAT);
  }

  /** Integers in the host's memory: sizes, seeds and others that an operation must know before it begins. */
  onHost(values: Int32Array, shape: readonly number[]): Tensor {
    return this.#create(values, shape, this.binding.TF_INT32);
  }

  /** The number of a vector of integers, which is kept for later calls. */
  integers(values: readonly number[]): number {
    return this.#keptIntegers(values.join(), Int32Array.from(values), [values.length]);
  }

  /** The number of one integer, which is kept for later calls. */
  integer(value: number): number {
    return this.#keptIntegers(`scalar ${value}`, Int32Array.of(value), []);
  }

  /** A scalar: kept for later calls, or the innermost scope's if there are too many. */
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
