import type { OpAttribute } from "../../src/ops/load-tensorflow";
import { kernelOps } from "../../src/ops/kernel-ops";
import type { Tensor } from "../../src/ops/tensor";
import { TensorflowSession } from "../../src/ops/tensorflow/session";

/** An input of a kernel: a tensor's shape, and its numbers where they are not all 0.5 (floats) or are whole. */
export interface HostileInput {
  readonly shape: readonly number[];
  readonly ints?: readonly number[];
  /** Whether its numbers are 8-bit integers. */
  readonly bytes?: boolean;
}

/** A call that a kernel accepts. What is changed in it must be refused, unless it is listed. */
export interface KernelCall {
  readonly op: string;
  /** Distinguishes the call from another one of the operation. */
  readonly variant?: string;
  readonly outputs: number;
  readonly inputs: readonly HostileInput[];
  readonly attributes: Readonly<Record<string, number | boolean>>;
  /** Inputs that may have any shape. */
  readonly anyShape?: readonly number[];
  /** Inputs that may be missing; a scalar means none. */
  readonly optional?: readonly number[];
  /** Inputs that may have further columns, up to a padded depth. */
  readonly padded?: readonly number[];
}

/** The name of a call. */
export function nameOf({ op, variant }: KernelCall): string {
  return variant === undefined ? op : `${op}, ${variant},`;
}

const TF_INT8 = 6; // TensorFlow's DT_INT8, which the binding does not name
const floats = (...shape: number[]): HostileInput => ({ shape });
const seed: HostileInput = { shape: [2], ints: [1, 2] };
const groups: HostileInput = { shape: [2, 4], ints: [0, 0, 2, 3, 6, 2, 1, 4] }; // 3 documents, 10 tokens
const bytes = (...shape: number[]): HostileInput => ({ shape, bytes: true });
const packed = (depth: number, columns: number, panel: number): HostileInput =>
  floats(Math.ceil(columns / panel), depth, panel);

/** A valid call of every kernel. */
export function kernelCalls(panel: number): readonly KernelCall[] {
  const weights = 2 * (2 * 3 * 16 + 4 * 16); // two heads; rows of weights are whole lines of 16
  // A reach of 3 and 6 positions.
  const terms = [floats(2, 7), floats(6, 4), floats(6, 4), { shape: [7], ints: [5, 4, 3, 2, 1, 0, 0] }];
  const heads = { heads: 2, scale: 0.5, rate: 0.5, first_token: false, window: 2 };
  const pool = [floats(3, 2, 4), floats(10, 4), floats(3, 4), floats(10, 4), floats(10, 4), groups];
  return [
    {
      op: "TsloraGelu",
      outputs: 2,
      inputs: [floats(3, 5)],
      attributes: { activation: 1, derivative: true },
      anyShape: [0],
    },
    { op: "TsloraGated", outputs: 1, inputs: [floats(3, 8)], attributes: { activation: 2 } },
    { op: "TsloraGatedBackward", outputs: 1, inputs: [floats(3, 4), floats(3, 8)], attributes: { activation: 3 } },
    {
      op: "TsloraRotary",
      outputs: 1,
      inputs: [floats(3, 8), { shape: [3], ints: [0, 4, 2] }, floats(5, 2), floats(5, 2)],
      attributes: { heads: 2, inverse: false },
    },
    { op: "TsloraLower", outputs: 1, inputs: [floats(3, 5), floats(2, 5), seed], attributes: { scale: 1, rate: 0.5 } },
    { op: "TsloraLowerGradient", outputs: 1, inputs: [floats(3, 2), floats(3, 5), seed], attributes: { rate: 0.5 } },
    { op: "TsloraLowerBackward", outputs: 1, inputs: [floats(3, 2), floats(2, 5), seed], attributes: { rate: 0.5 } },
    { op: "TsloraPack", outputs: 1, inputs: [floats(3, 5)], attributes: { transpose: true, bf16: false } },
    {
      op: "TsloraProduct",
      outputs: 2,
      optional: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
      inputs: [
        floats(3, 5),
        packed(5, 7, panel),
        floats(3, 2),
        packed(2, 7, panel),
        floats(3, 4),
        packed(4, 7, panel),
        floats(7),
        ...Array.from({ length: 5 }, () => floats(3, 7)),
      ],
      attributes: { columns: 7, activation: 1, derivative: true, bf16: 0, bf16_method: 2 },
    },
    {
      op: "TsloraProduct",
      variant: "two factors in bfloat16",
      outputs: 2,
      optional: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
      padded: [0, 4],
      inputs: [
        ...[floats(3, 5), packed(16, 7, panel), floats(3, 2), packed(2, 7, panel), floats(3, 30), packed(16, 7, panel)],
        floats(7),
        ...Array.from({ length: 5 }, () => floats(3, 7)),
      ],
      attributes: { columns: 7, activation: 1, derivative: true, bf16: 5, bf16_method: 3 },
    },
    { op: "TsloraInt8Quantize", outputs: 2, inputs: [floats(7, 8)], attributes: { method: 0 } },
    {
      op: "TsloraInt8Dequantize",
      outputs: 1,
      inputs: [bytes(Math.ceil(7 / panel), 8, panel), floats(2, 7)],
      attributes: { method: 0, depth: 8 },
    },
    {
      op: "TsloraInt8Product",
      outputs: 1,
      optional: [6],
      inputs: [
        floats(3, 8),
        bytes(Math.ceil(7 / panel), 8, panel),
        ...[floats(2, 7), floats(7), floats(3, 2), packed(2, 7, panel), floats(3, 7)],
      ],
      attributes: { method: 0, activation: 1 },
    },
    {
      op: "TsloraBatchedProduct",
      outputs: 1,
      inputs: [floats(2, 3, 5), floats(2, 5, 4)],
      attributes: { transpose_a: false, transpose_b: false },
    },
    { op: "TsloraDropout", outputs: 1, inputs: [floats(3, 5), seed], attributes: { rate: 0.5 }, anyShape: [0] },
    { op: "TsloraKeepMask", outputs: 1, inputs: [{ shape: [2], ints: [3, 5] }, seed], attributes: { rate: 0.5 } },
    {
      op: "TsloraResidualNorm",
      outputs: 3,
      inputs: [floats(3, 5), floats(3, 5), floats(5), floats(5), seed],
      attributes: { rate: 0.5, epsilon: 1e-5 },
      optional: [1],
    },
    {
      op: "TsloraResidualNormBackward",
      outputs: 2,
      inputs: [floats(3, 5), floats(5), floats(3, 5), floats(3, 1), seed],
      attributes: { rate: 0.5 },
    },
    {
      op: "TsloraPoolTokens",
      outputs: 4,
      inputs: [...pool, seed],
      attributes: { rate: 0.5, keep: true },
      optional: [4],
    },
    {
      op: "TsloraPoolTokensBackward",
      outputs: 5,
      inputs: [...pool, floats(20), floats(3, 2, 4), floats(3, 2, 1), floats(3, 4)],
      attributes: { rate: 0.5, needs_input: true },
      optional: [4],
    },
    {
      op: "TsloraAttention",
      outputs: 1,
      inputs: [floats(10, 4), floats(10, 4), floats(10, 4), groups, seed],
      attributes: { heads: 2, scale: 0.5, rate: 0.5, first_token: false },
    },
    {
      op: "TsloraAttentionBackward",
      outputs: 3,
      inputs: [floats(10, 4), floats(10, 4), floats(10, 4), floats(10, 4), floats(10, 4), groups, seed],
      attributes: { heads: 2, scale: 0.5, rate: 0.5, first_token: false, needs_key: true },
    },
    {
      op: "TsloraRelativeAttention",
      outputs: 2,
      inputs: [floats(10, 4), floats(10, 4), floats(10, 4), ...terms, groups, seed],
      attributes: { ...heads, keep: true },
      optional: [3, 4, 5],
    },
    {
      op: "TsloraRelativeAttentionBackward",
      outputs: 6,
      inputs: [
        ...[floats(10, 4), floats(10, 4), floats(10, 4), ...terms],
        ...[floats(10, 4), floats(weights), floats(10, 4), groups],
      ],
      attributes: { ...heads, needs_key: true, needs_bias: true, needs_positions: true },
      optional: [3, 4, 5],
    },
  ];
}

/** A changed call, and whether it must be refused or must only not end the process. */
export interface HostileCall {
  readonly what: string;
  readonly call: KernelCall;
  readonly mayPass: boolean;
}

const NUMBERS: Readonly<Record<string, readonly number[]>> = {
  rate: [NaN, -0.1, 1, 2, Infinity, -Infinity],
  epsilon: [NaN, -1, Infinity],
  scale: [NaN, Infinity, -Infinity, 0, -0.5],
  heads: [0, -1, -(2 ** 31), 3, 2 ** 31 - 1],
  columns: [0, -1, -(2 ** 31), 8, 2 ** 31 - 1],
  window: [-2, -(2 ** 31), 4, 2 ** 31 - 1],
  activation: [-1, 4, -(2 ** 31), 2 ** 31 - 1],
  method: [-1, 7, 8, 32, -(2 ** 31), 2 ** 31 - 1],
  depth: [0, -1, 9, 65_537, -(2 ** 31), 2 ** 31 - 1],
  bf16: [-1, 2, 8, -(2 ** 31), 2 ** 31 - 1],
  bf16_method: [-1, 4, 32, -(2 ** 31), 2 ** 31 - 1],
};
/** Attributes that are integers. */
const INTEGERS: ReadonlySet<string> = new Set([
  "heads",
  "columns",
  "window",
  "activation",
  "method",
  "depth",
  "bf16",
  "bf16_method",
]);
const MOST = 2 ** 31 - 1;
const GROUPS: readonly (readonly number[])[] = [
  [0, 0, 2, 3, 1e9, 2, 1, 4],
  [1e9, 0, 2, 3, 6, 2, 1, 4],
  [0, 0, 2, 3, 6, 1e9, 1, 4],
  [0, 0, 1e9, 3, 6, 2, 1, 4],
  [0, 0, 2, 1e9, 6, 2, 1, 4],
  [0, 0, MOST, MOST, 6, 2, 1, 4],
  [0, 0, MOST, MOST, MOST, MOST, MOST, MOST],
  [-1, 0, 2, 3, 6, 2, 1, 4],
  [0, -1, 2, 3, 6, 2, 1, 4],
  [0, 0, -2, 3, 6, 2, 1, 4],
  [0, 0, 2, -3, 6, 2, 1, 4],
  [0, 0, 0, 3, 6, 2, 1, 4],
  [0, 0, 2, 0, 6, 2, 1, 4],
  [0, 0, 2, 3, 5, 2, 1, 4],
  [0, 0, 2, 3, 6, 1, 1, 4],
  [0, 0, 2, 3, 0, 0, 1, 4],
  [6, 2, 1, 4, 0, 0, 2, 3],
  [0, 0, 2, 5, 0, 2, 1, 0],
];
const SHAPES: readonly (readonly number[])[] = [
  [-1, 5],
  [MOST, MOST],
  [MOST, MOST, MOST, MOST],
  [MOST, MOST, MOST, MOST, MOST, MOST, MOST, MOST],
  [1, 1, 1, 1, 1, 1, 1, 1, 1],
  [-(2 ** 31), 2 ** 30],
];

/** Every change of a call: each input and each attribute in turn. */
export function hostileCalls(call: KernelCall): HostileCall[] {
  const found: HostileCall[] = [];
  call.inputs.forEach((input, i) => {
    const replace = (what: string, by: HostileInput, mayPass = false): void => {
      found.push({
        what: `${call.op}, input ${i}: ${what}`,
        call: { ...call, inputs: call.inputs.map((own, k) => (k === i ? by : own)) },
        mayPass,
      });
    };
    const any = call.anyShape?.includes(i) === true;
    const fill = (shape: readonly number[]): HostileInput =>
      input.ints === undefined
        ? { ...input, shape }
        : { shape, ints: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => input.ints?.[k] ?? 1) };
    const isShape = call.op === "TsloraKeepMask" && i === 0;
    replace("a scalar", fill([]), any || call.optional?.includes(i));
    replace("empty", fill([0]), any || isShape);
    const rowsMayBeNone =
      call.op === "TsloraBatchedProduct" ||
      call.op === "TsloraGated" ||
      (i === 0 && (call.op === "TsloraLower" || call.op === "TsloraLowerBackward"));
    replace(
      "empty rows",
      fill([...input.shape.slice(0, -1), 0]),
      any || isShape || (call.op === "TsloraBatchedProduct" && i === 1),
    );
    replace("no rows", fill([0, ...input.shape.slice(1)]), any || isShape || rowsMayBeNone);
    replace("an axis more", fill([1, ...input.shape]), any);
    replace(
      "one row more",
      fill([input.shape[0] + 1, ...input.shape.slice(1)]),
      any ||
        isShape ||
        call.op === "TsloraPack" ||
        call.op === "TsloraInt8Quantize" ||
        call.op === "TsloraGated" ||
        (call.op === "TsloraLower" && i < 2) ||
        (call.op === "TsloraLowerBackward" && i === 0),
    );
    replace(
      "one column more",
      fill([...input.shape.slice(0, -1), input.shape[input.shape.length - 1] + 1]),
      any ||
        isShape ||
        call.padded?.includes(i) ||
        call.op === "TsloraPack" ||
        call.op === "TsloraInt8Quantize" ||
        (call.op === "TsloraInt8Dequantize" && i === 1) || // fewer columns than the panel has room for
        (call.op === "TsloraBatchedProduct" && i === 1) ||
        (call.op === "TsloraLowerBackward" && i === 1) ||
        call.op === "TsloraLowerGradient",
    );
    if (input.ints === groups.ints)
      for (const ints of GROUPS) replace(`groups ${ints.join()}`, { shape: [2, 4], ints });
    if (isShape) for (const ints of SHAPES) replace(`shape ${ints.join()}`, { shape: [ints.length], ints });
  });
  const isPlainAttention = call.op === "TsloraAttention" || call.op === "TsloraAttentionBackward";
  for (const [name, own] of Object.entries(call.attributes)) {
    const values = typeof own === "boolean" ? [!own] : (NUMBERS[name] ?? []);
    for (const value of values)
      found.push({
        what: `${nameOf(call)} ${name}: ${value}`,
        call: { ...call, attributes: { ...call.attributes, [name]: value } },
        mayPass:
          typeof value === "boolean" ||
          (name === "columns" && value === 8) ||
          (name === "window" && value > 0) ||
          (name === "scale" && Number.isFinite(value) && !isPlainAttention),
      });
  }
  return found;
}

/** Calls kernels with whatever TensorFlow takes, without the checks of {@link kernelOps}. */
export class RawKernels {
  readonly #session = new TensorflowSession();

  get panel(): number {
    const ops = kernelOps(this.#session);
    return ops.tidy(() => ops.pack(ops.float(new Float32Array(1), [1, 1]), { transpose: false }).laid.shape[2]);
  }

  /** @throws the error that TensorFlow makes of an error status */
  run({ op, outputs, inputs, attributes }: KernelCall): void {
    const session = this.#session;
    session.tensors.tidy(() => {
      const toBytes = [{ name: "DstT", type: session.binding.TF_ATTR_TYPE, value: TF_INT8 }];
      const tensors = inputs.map(({ shape, ints, bytes: isBytes = false }): Tensor => {
        if (ints !== undefined) return session.onHost(Int32Array.from(ints), shape);
        const numbers = session.float(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5), shape);
        return isBytes ? session.runIds("Cast", [session.idOf(numbers)], toBytes) : numbers;
      });
      const { TF_ATTR_BOOL, TF_ATTR_FLOAT, TF_ATTR_INT } = session.binding;
      const given = Object.entries(attributes).map(([name, value]): OpAttribute => ({
        name,
        value,
        type: typeof value === "boolean" ? TF_ATTR_BOOL : INTEGERS.has(name) ? TF_ATTR_INT : TF_ATTR_FLOAT,
      }));
      session.execute(
        op,
        given,
        tensors.map((tensor) => session.idOf(tensor)),
        outputs,
      );
    });
  }
}
