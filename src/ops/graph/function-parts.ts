import type { Binding, FunctionParts } from "../load-tensorflow";
import type { OperationKind, OperationKinds } from "./operation-kinds";
import { FLOAT, INT32 } from "./operation-rules";
import { ARGUMENT, INTEGERS, NUMBER, ONE, RESULTS, type TraceData } from "./trace";

/**
 * Without Grappler, which would change roundings: it fuses products with additions, and folds factors into each other.
 * ConfigProto { graph_options { rewrite_options { disable_meta_optimizer: true } } }
 */
const CONFIG = "\x52\x05\x52\x03\x98\x01\x01";
/**
 * Runs one operation after the other, as separate calls would. Memory is then the same, and small models are faster.
 */
const EXECUTOR = "SINGLE_THREADED_EXECUTOR";

/** Constants that change between calls: 1 for each integer and each float that does. */
export interface Changing {
  readonly integers: Uint8Array;
  readonly floats: Uint8Array;
}

/** An operation of a trace. */
export interface TracedOperation {
  readonly kind: OperationKind;
  readonly inputs: readonly number[];
  readonly outputs: number;
}

/** A trace, decoded. Values are numbered in the trace's order. */
export interface DecodedTrace {
  /** Type of each argument, with its value. */
  readonly tensors: readonly { readonly value: number; readonly dtype: number }[];
  /** Place among all integers, and length or {@link ONE}. */
  readonly integers: readonly { readonly value: number; readonly place: number; readonly length: number }[];
  /** In the order of all floats. */
  readonly floats: readonly { readonly value: number }[];
  readonly operations: readonly (TracedOperation & { readonly value: number })[];
  readonly results: readonly number[];
  /** Number of values. */
  readonly values: number;
}

export function decodeTrace(code: Int32Array, kinds: OperationKinds): DecodedTrace {
  const tensors: DecodedTrace["tensors"][number][] = [];
  const integers: DecodedTrace["integers"][number][] = [];
  const floats: DecodedTrace["floats"][number][] = [];
  const operations: DecodedTrace["operations"][number][] = [];
  let [value, place, at] = [0, 0, 0];
  while (code[at] !== RESULTS) {
    const entry = code[at++];
    if (entry === ARGUMENT) tensors.push({ value: value++, dtype: code[at++] });
    else if (entry === NUMBER) floats.push({ value: value++ });
    else if (entry === INTEGERS) {
      const length = code[at++];
      integers.push({ value: value++, place, length });
      place += Math.abs(length);
    } else {
      const inputs = Array.from(code.subarray(at + 1, at + 1 + code[at]));
      at += 1 + inputs.length;
      const outputs = code[at++];
      operations.push({ kind: kinds.at(entry), inputs, outputs, value });
      value += outputs;
    }
  }
  return { tensors, integers, floats, operations, results: Array.from(code.subarray(at + 2)), values: value };
}

/** Inputs of an operation, with lists as arrays. */
function groupedInputs({ kind, inputs }: TracedOperation, numberOf: (value: number) => number): (number | number[])[] {
  const all = inputs.map(numberOf);
  if (kind.rule?.list === "all") return [all];
  return kind.rule?.list === "all-but-last" ? [all.slice(0, -1), all[all.length - 1]] : all;
}

/**
 * The graph function of a trace. Constants that change between calls become arguments. The one size of a reshaping that
 * changes is left to TensorFlow to infer.
 */
export function functionParts(
  data: Pick<TraceData, "integers" | "floats">,
  { decoded, changing, binding }: { decoded: DecodedTrace; changing: Changing; binding: Binding },
): FunctionParts {
  const numbers = new Int32Array(decoded.values);
  const { tensors, operations } = decoded;
  const reshaped = new Set(operations.flatMap(({ kind, inputs }) => (kind.op === "Reshape" ? [inputs[1]] : [])));
  const constants = new Constants();
  const fixed: { readonly value: number; readonly constant: number }[] = [];
  const given: DecodedTrace["integers"][number][] = [];
  for (const integer of decoded.integers) {
    const values = fixedIntegers(data.integers, { integer, changing, mayInfer: reshaped.has(integer.value) });
    if (values === undefined) given.push(integer);
    else fixed.push({ value: integer.value, constant: constants.add(values, integer.length) });
  }
  const floats: number[] = [];
  decoded.floats.forEach(({ value }, place) => {
    if (changing.floats[place] === 1) floats.push(place);
    else fixed.push({ value, constant: constants.add(data.floats.slice(place, place + 1), ONE) });
  });
  let next = 0;
  for (const { value } of [...tensors, ...given]) numbers[value] = next++;
  const vector = floats.length === 0 ? undefined : next++;
  for (const { value, constant } of fixed) numbers[value] = next + constant;
  next += constants.all.length;
  for (const place of floats) numbers[decoded.floats[place].value] = next++;
  for (const { value, outputs } of operations) for (let i = 0; i < outputs; i++) numbers[value + i] = next++;
  return {
    arguments: Int32Array.from([
      ...tensors.map(({ dtype }) => dtype),
      ...given.map(() => INT32),
      ...(vector === undefined ? [] : [FLOAT]),
    ]),
    constants: constants.all,
    operations: [
      ...(vector === undefined ? [] : [unpacking(vector, floats.length, binding)]),
      ...operations.map((operation) => ({
        op: operation.kind.op,
        attributes: operation.kind.attributes,
        inputs: groupedInputs(operation, (value) => numbers[value]),
        outputs: operation.outputs,
      })),
    ],
    outputs: Int32Array.from(decoded.results, (value) => numbers[value]),
    integers: Int32Array.from(given.flatMap(({ place, length }) => [place, length])),
    floats: Int32Array.from(floats),
    config: CONFIG,
    executor: EXECUTOR,
  };
}

/** Takes a vector of floats apart: one copy to a GPU, instead of one for each number. */
function unpacking(vector: number, count: number, binding: Binding): FunctionParts["operations"][number] {
  return {
    op: "Unpack",
    attributes: [
      { name: "num", type: binding.TF_ATTR_INT, value: count },
      { name: "axis", type: binding.TF_ATTR_INT, value: 0 },
    ],
    inputs: [vector],
    outputs: count,
  };
}

/** A vector of integers if it is the same in every call, with -1 for a size to infer; else undefined. */
function fixedIntegers(
  all: Int32Array,
  from: { integer: DecodedTrace["integers"][number]; changing: Changing; mayInfer: boolean },
): Int32Array | undefined {
  const { integer, changing, mayInfer } = from;
  const end = integer.place + Math.abs(integer.length);
  const values = all.slice(integer.place, end);
  const changes = changing.integers.subarray(integer.place, end);
  const count = changes.reduce((sum, change) => sum + change, 0);
  if (count === 0) return values;
  const isInferable = mayInfer && count === 1 && values.every((value, i) => changes[i] === 1 || value > 0);
  return isInferable ? values.map((value, i) => (changes[i] === 1 ? -1 : value)) : undefined;
}

/** Constants of a function, each once. */
class Constants {
  readonly all: FunctionParts["constants"][number][] = [];
  readonly #known = new Map<string, number>();

  add(values: Int32Array | Float32Array, length: number): number {
    const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
    const key = `${values instanceof Float32Array ? "float" : "integer"} ${length} ${bits.join()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.all.length);
    return this.all.push({ sizes: length === ONE ? new Int32Array(0) : Int32Array.of(length), values }) - 1;
  }
}
