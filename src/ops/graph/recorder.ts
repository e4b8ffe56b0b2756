import { TsloraError } from "../../base/tslora-error";
import { LiveTensors, type OwnTensor } from "../live-tensors";
import type { Binding, OpAttribute } from "../load-tensorflow";
import type { Recording } from "../primitives";
import { sizeOf, type Tensor } from "../tensor";
import { attributesOf } from "../tensorflow/attributes";
import type { TensorflowCalls } from "../tensorflow/calls";
import { explainErrors } from "../tensorflow/explain-errors";
import { OperationKinds, type OperationKind } from "./operation-kinds";
import { FLOAT, INT32, type Value } from "./operation-rules";
import { RecordedFunctions } from "./recorded-functions";
import { Trace } from "./trace";

/** A tensor of recorded operations. */
class GraphTensor implements OwnTensor, Value {
  disposed = false;
  /** TensorFlow's id, once the tensor is computed. */
  id: number | undefined;
  /** The tensor's value in the trace of that number. */
  place = -1;
  trace = -1;
  constructor(
    readonly shape: readonly number[],
    readonly dtype: number,
    /** Numbers of a constant. */
    readonly values?: ArrayLike<number>,
    /** Whether the tensor holds floats that recorded operations read as integers. */
    readonly asIntegers = false,
  ) {}
}

/**
 * Records operations instead of executing them. {@link flush} runs all that were recorded since the last call as one
 * graph function of TensorFlow, and gives the tensors that are still alive their numbers. The sequence of operations is
 * the function's key: a sequence that was recorded before is not built again.
 *
 * Weights are arguments and results of functions: a tensor never changes, so a step that fails leaves all weights as
 * they were, and code that holds a tensor need not know of functions.
 */
export class Recorder implements TensorflowCalls {
  readonly binding: Binding;
  readonly usesGpu: boolean;
  readonly tensors: LiveTensors<GraphTensor>;
  readonly recording: Recording;
  readonly #kinds = new OperationKinds();
  readonly #functions: RecordedFunctions;
  readonly #trace = new Trace();
  readonly #warn: (text: string) => void;
  readonly #notRecorded = new Map<string, number>();
  #number = 0;
  #pending: GraphTensor[] = [];
  #held: { ids: number[]; bytes: number } = { ids: [], bytes: 0 };

  /** @param options.warn - receives a notice for each kind of operation that cannot be recorded */
  constructor(
    { binding, usesGpu }: { binding: Binding; usesGpu: boolean },
    { warn = (text) => console.warn(text) }: { warn?: (text: string) => void } = {},
  ) {
    this.binding = binding;
    this.usesGpu = usesGpu;
    this.#warn = warn;
    this.#functions = new RecordedFunctions(binding, this.#kinds);
    this.tensors = new LiveTensors({ type: GraphTensor, free: (tensor) => this.#free(tensor) });
    this.recording = {
      flush: () => this.flush(),
      relieve: (bytes) => {
        if (this.#held.bytes > bytes) this.flush();
      },
      counts: () => ({ ...this.#functions.counts, notRecorded: new Map(this.#notRecorded) }),
      scope: () => this.#functions.scope(),
    };
  }

  get lifetimes(): LiveTensors<GraphTensor>["lifetimes"] {
    return this.tensors.lifetimes;
  }

  run(op: string, ...inputs: readonly Tensor[]): Tensor {
    return this.runIds(
      op,
      inputs.map((input) => this.idOf(input)),
    );
  }

  runIds(op: string, inputs: number[], attributes: readonly OpAttribute[] = NONE): Tensor {
    return this.execute(op, attributes, inputs, 1)[0];
  }

  execute(op: string, attributes: readonly OpAttribute[], inputs: number[], outputs: number): Tensor[] {
    const kind = this.#kinds.kind(op, attributes);
    const { rule } = kind;
    if (rule === undefined) return this.#executeNow(kind, inputs, outputs);
    const results = rule
      .results(
        inputs.map((input) => this.#trace.value(input)),
        kind.byName,
      )
      .map(({ shape, dtype }) => new GraphTensor(shape, dtype));
    if (results.length !== outputs) throw new TypeError(`${op} has ${results.length} results, not ${outputs}.`);
    const first = this.#trace.operation(kind.index, inputs, results);
    results.forEach((result, i) => {
      result.place = first + i;
      result.trace = this.#number;
      this.#pending.push(this.tensors.enter(result));
    });
    return results;
  }

  idOf(tensor: Tensor): number {
    const own = this.tensors.own(tensor);
    if (own.trace === this.#number) return own.place;
    if (own.values !== undefined) return this.#constant(own, own.values);
    if (own.id === undefined)
      throw new TsloraError(
        "device",
        `A tensor of shape [${own.shape.join(", ")}] was not computed, since TensorFlow reported an error before.`,
      );
    const argument = this.#trace.argument(own.asIntegers ? { shape: own.shape, dtype: FLOAT } : own, own.id);
    own.trace = this.#number;
    own.place = own.asIntegers ? this.#toIntegers(argument, own.shape) : argument;
    return own.place;
  }

  float(values: Float32Array, shape: readonly number[]): Tensor {
    return this.#create(new GraphTensor(shape, FLOAT), values);
  }

  onHost(values: Int32Array, shape: readonly number[]): Tensor {
    return this.tensors.enter(new GraphTensor(shape, INT32, values));
  }

  /** On a GPU, floats that each function converts: TensorFlow passes integers between functions by the host. */
  indices(values: Int32Array, shape: readonly number[]): Tensor {
    return this.usesGpu
      ? this.#create(new GraphTensor(shape, INT32, undefined, true), Float32Array.from(values))
      : this.#create(new GraphTensor(shape, INT32), values);
  }

  integers(values: readonly number[]): number {
    return this.#trace.constant({ shape: [values.length], dtype: INT32, values });
  }

  integer(value: number): number {
    return this.#trace.constant({ shape: [], dtype: INT32, values: [value] });
  }

  scalar(value: number): Tensor {
    return new GraphTensor([], FLOAT, [value]);
  }

  /** The numbers of a tensor. */
  async read(tensor: Tensor): Promise<Float32Array> {
    const own = this.tensors.own(tensor);
    if (own.id === undefined) this.flush();
    if (own.id === undefined) throw new TypeError("Only a tensor that was computed can be read.");
    return this.binding.tensorDataSync(own.id) as Float32Array;
  }

  /** Runs the recorded operations. Does nothing if no result is needed any more. */
  flush(): void {
    const alive = this.#pending.filter(({ disposed }) => !disposed);
    try {
      if (alive.length === 0) return;
      const ids = this.#functions.run(this.#trace.end(alive.map(({ place }) => place)));
      alive.forEach((tensor, i) => {
        tensor.id = ids[i];
      });
    } catch (error) {
      if (error instanceof TsloraError) throw error; // memory ran out
      throw new TsloraError(
        "device",
        `TensorFlow could not run the recorded operations: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    } finally {
      this.#trace.clear();
      this.#number++;
      this.#pending = [];
      const { ids } = this.#held;
      this.#held = { ids: [], bytes: 0 };
      for (const id of ids) this.binding.deleteTensor(id);
    }
  }

  #create(tensor: GraphTensor, values: Float32Array | Int32Array): GraphTensor {
    const { shape } = tensor;
    if (values.length !== sizeOf(shape)) {
      throw new TsloraError(
        "bad-input",
        `A tensor of shape [${shape.join(", ")}] must have ${sizeOf(shape)} values; got ${values.length}.`,
      );
    }
    const dtype = values instanceof Float32Array ? this.binding.TF_FLOAT : this.binding.TF_INT32;
    tensor.id = this.binding.createTensor([...shape], dtype, values);
    return this.tensors.enter(tensor);
  }

  #constant({ shape, dtype }: GraphTensor, values: ArrayLike<number>): number {
    return dtype === FLOAT
      ? this.#trace.number({ shape, dtype, values }, values[0])
      : this.#trace.constant({ shape, dtype, values });
  }

  #toIntegers(argument: number, shape: readonly number[]): number {
    const { index } = this.#kinds.kind("Cast", attributesOf(this.binding).toInt);
    return this.#trace.operation(index, [argument], [{ shape, dtype: INT32 }]);
  }

  #free(tensor: GraphTensor): void {
    if (tensor.id === undefined) return;
    if (tensor.trace !== this.#number) {
      this.binding.deleteTensor(tensor.id);
      return;
    }
    // Recorded operations read it.
    this.#held.ids.push(tensor.id);
    this.#held.bytes += 4 * sizeOf(tensor.shape);
  }

  /** Runs an operation that cannot be recorded, after those before it. */
  #executeNow({ op, attributes }: OperationKind, inputs: readonly number[], outputs: number): Tensor[] {
    const count = this.#notRecorded.get(op) ?? 0;
    this.#notRecorded.set(op, count + 1);
    if (count === 0)
      this.#warn(`The operation ${op} cannot be recorded: the graph ends before it and continues after it.`);
    const values = inputs.map((input) => this.#trace.value(input));
    this.flush();
    const made: number[] = [];
    try {
      const ids = values.map((value) => {
        if (value instanceof GraphTensor && value.id !== undefined) return value.id;
        if (value.values === undefined) throw new TypeError(`An input of ${op} was not computed.`);
        const numbers = value.dtype === FLOAT ? Float32Array.from(value.values) : Int32Array.from(value.values);
        made.push(this.binding.createTensor([...value.shape], value.dtype, numbers));
        return made[made.length - 1];
      });
      return explainErrors(() => this.binding.executeOp(op, attributes, ids, outputs)).map(({ id, shape, dtype }) => {
        const tensor = new GraphTensor(shape, dtype);
        tensor.id = id;
        return this.tensors.enter(tensor);
      });
    } finally {
      for (const id of made) this.binding.deleteTensor(id);
    }
  }
}

const NONE: readonly OpAttribute[] = [];
