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
  const integers = new Map<number, readonly number[]>(); // the values of tensors of integers, such as groups
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
    const flop =
      name === "TsloraAttention" || name === "TsloraAttentionBackward"
        ? attentionFlop(name, { attributes, width: given[1].at(-1) ?? 0, groups: integers.get(inputs.at(-2) ?? -1) })
        : flopOf(name, { attributes, inputs: given, output });
    note(byOp, name, ms, flop);
    note(
      byShape,
      flop > 0 && !name.startsWith("TsloraAttention")
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

/** Number of attention's matrix products: two forward, and five backward, which makes the scores again. */
const PRODUCTS = { TsloraAttention: 2, TsloraAttentionBackward: 5 };

/** Floating point operations of attention's matrix products, from groups (row, document, documents, length). */
function attentionFlop(
  name: keyof typeof PRODUCTS,
  call: { attributes: readonly OpAttribute[]; width: number; groups: readonly number[] | undefined },
): number {
  const { attributes, width, groups = [] } = call;
  const firstToken = attributes.some((attribute) => attribute.name === "first_token" && attribute.value === true);
  let pairs = 0; // of a query and a key
  for (let at = 0; at < groups.length; at += 4) {
    const [documents, length] = groups.slice(at + 2, at + 4);
    pairs += documents * length * (firstToken ? 1 : length);
  }
  return PRODUCTS[name] * 2 * pairs * width;
}

/** 2 m n k of a matrix product; of an einsum, twice the product of all its axes. */
function flopOf(
  name: string,
  call: { attributes: readonly OpAttribute[]; inputs: readonly (readonly number[])[]; output: readonly number[] },
): number {
  const { attributes, inputs, output } = call;
  const size = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);
  if (/MatMul|TsloraProduct/.test(name)) {
    const transposesA = attributes.some(
      ({ name, value }) => (name === "transpose_a" || name === "adj_x") && value === true,
    );
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
