import { loadTensorFlow, type Binding, type OpAttribute } from "../../src/ops/load-tensorflow";

/** Totals of an op, or of an op at certain shapes. */
export interface OpTotal {
  calls: number;
  ms: number;
  /** Floating point operations of matrix products; 0 for other ops. */
  flop: number;
}

/** Totals of the binding's calls since the last `reset`. */
export interface OpWatch {
  /** By the op's name; calls other than ops as `(createTensor)` and the like. */
  readonly byOp: ReadonlyMap<string, OpTotal>;
  /** Matrix products by name and shapes, other ops by name and the first output's shape. */
  readonly byShape: ReadonlyMap<string, OpTotal>;
  reset(): void;
  /** Ends the watching: later calls are not recorded. */
  stop(): void;
}

type Calls = Record<string, (...parameters: never[]) => unknown>;

/**
 * Puts a stopwatch around every call into TensorFlow. To be called before the first ops are made: they take the
 * binding as they find it. On a CPU an op's call returns when the op is done, so that its time is the op's.
 *
 * @param options.extents - sizes that belong to the model: all others above 16 are shown as `rows` (above 512) or `L`,
 *   so that batches of different lengths count together
 */
export function watchOps({ extents }: { extents: ReadonlySet<number> }): OpWatch {
  const tensorflow = loadTensorFlow() as { binding: Binding };
  const { binding } = tensorflow;
  const shapes = new Map<number, readonly number[]>();
  const integers = new Map<number, readonly number[]>(); // values, such as groups
  const byOp = new Map<string, OpTotal>();
  const byShape = new Map<string, OpTotal>();
  const note = (map: Map<string, OpTotal>, key: string, ms: number, flop: number): void => {
    const total = map.get(key) ?? { calls: 0, ms: 0, flop: 0 };
    map.set(key, { calls: total.calls + 1, ms: total.ms + ms, flop: total.flop + flop });
  };
  let stopped = false;
  const watched: Calls = Object.create(binding) as Calls;
  for (const name of Object.getOwnPropertyNames(binding)) {
    const call = (binding as unknown as Calls)[name];
    if (typeof call !== "function" || name === "executeOp" || /^[A-Z]/.test(name)) continue;
    const timed = (...parameters: never[]): unknown => {
      if (stopped) return call.apply(binding, parameters);
      const start = performance.now();
      const result = call.apply(binding, parameters);
      note(byOp, `(${name})`, performance.now() - start, 0);
      if (name === "createTensor") {
        const [shape, , values] = parameters as unknown as Parameters<Binding["createTensor"]>;
        shapes.set(result as number, [...shape]);
        if (values instanceof Int32Array) integers.set(result as number, [...values]);
      }
      if (name === "deleteTensor") for (const noted of [shapes, integers]) noted.delete(parameters[0]);
      return result;
    };
    Object.defineProperty(watched, name, { value: timed }); // the binding's own are read-only
  }
  const executeOp: Binding["executeOp"] = (name, attributes, inputs, outputs) => {
    if (stopped) return binding.executeOp(name, attributes, inputs, outputs);
    const start = performance.now();
    const results = binding.executeOp(name, attributes, inputs, outputs);
    const ms = performance.now() - start;
    const given = inputs.map((id) => shapes.get(id) ?? []);
    for (const { id, shape } of results) shapes.set(id, shape);
    const output = results[0]?.shape ?? [];
    const flop = flopOf(name, { attributes, inputs: given, output, groups: integers.get(inputs.at(-2) ?? -1) });
    note(byOp, name, ms, flop);
    note(
      byShape,
      flop > 0 && !isAttention(name)
        ? `${name} ${given.slice(0, 2).map(shown).join(" ")}${transposed(attributes)}`
        : `${name} ${shown(output)}`,
      ms,
      flop,
    );
    return results;
  };
  tensorflow.binding = Object.defineProperties(watched, { executeOp: { value: executeOp } }) as unknown as Binding;
  const shown = (shape: readonly number[]): string =>
    `[${shape.map((extent) => (extent <= 16 || extents.has(extent) ? extent : extent > 512 ? "rows" : "L")).join(", ")}]`;
  const reset = (): void => (byOp.clear(), byShape.clear());
  const stop = (): void => void (stopped = true);
  return { byOp, byShape, reset, stop };
}

/** A call of an operation. */
interface Call {
  readonly attributes: readonly OpAttribute[];
  /** Shapes. */
  readonly inputs: readonly (readonly number[])[];
  readonly output: readonly number[];
  /** The values of the last input but one, if they are integers. */
  readonly groups: readonly number[] | undefined;
}

function isAttention(name: string): boolean {
  return name === "TsloraAttention" || name === "TsloraAttentionBackward";
}

function isOn(attributes: readonly OpAttribute[], name: string): boolean {
  return attributes.some((attribute) => attribute.name === name && attribute.value === true);
}

/**
 * Floating point operations of attention's matrix products, from groups (row, document, documents, length): two
 * forward; backward one each for the scores, the weights' gradient, dq, dv and, if it is requested, dk.
 */
function attentionFlop(name: string, { attributes, inputs, groups = [] }: Call): number {
  const products = name === "TsloraAttention" ? 2 : isOn(attributes, "needs_key") ? 5 : 4;
  let pairs = 0; // of a query and a key
  for (let at = 0; at < groups.length; at += 4) {
    const [documents, length] = groups.slice(at + 2, at + 4);
    pairs += documents * length * (isOn(attributes, "first_token") ? 1 : length);
  }
  return products * 2 * pairs * (inputs[1]?.at(-1) ?? 0);
}

/** 2 m n k of a matrix product; of an einsum, twice the product of all its axes. */
function flopOf(name: string, call: Call): number {
  const { attributes, inputs, output } = call;
  if (isAttention(name)) return attentionFlop(name, call);
  const size = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);
  if (/MatMul|TsloraProduct/.test(name)) {
    const transposesA = isOn(attributes, "transpose_a") || isOn(attributes, "adj_x");
    return 2 * size(output) * (inputs[0]?.at(transposesA ? -2 : -1) ?? 0);
  }
  if (name !== "Einsum") return 0;
  const equation = attributes.find(({ name }) => name === "equation")?.value;
  if (typeof equation !== "string") return 0;
  const extents = new Map(
    equation
      .split("->")[0]
      .split(",")
      .flatMap((axes, i) => [...axes].map((axis, at) => [axis, inputs[i]?.[at] ?? 1] as const)),
  );
  return 2 * size([...extents.values()]);
}

function transposed(attributes: readonly OpAttribute[]): string {
  const on = attributes
    .filter(({ name, value }) => /^(transpose_[ab]|adj_[xy])$/.test(name) && value === true)
    .map(({ name }) => name.replace("adj_x", "transpose_a").replace("adj_y", "transpose_b"));
  return on.length === 0 ? "" : ` ${on.join(" ")}`;
}
