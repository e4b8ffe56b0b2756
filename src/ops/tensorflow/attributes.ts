import type { Binding, OpAttribute } from "../load-tensorflow";

// TensorFlow's DT_DOUBLE and DT_BFLOAT16, which the binding does not name.
const TF_DOUBLE = 2;
const TF_BFLOAT16 = 14;

/** Attributes of TensorFlow's operations, made once. */
export interface Attributes {
  /** Indexed by the transposed operands: neither, b, a, both. */
  readonly matMul: readonly (readonly OpAttribute[])[];
  readonly batchMatMul: readonly (readonly OpAttribute[])[];
  readonly keepDims: readonly OpAttribute[];
  readonly random: readonly OpAttribute[];
  readonly toFloat: readonly OpAttribute[];
  readonly toInt: readonly OpAttribute[];
  readonly toDouble: readonly OpAttribute[];
  readonly toBfloat16: readonly OpAttribute[];
  /** For an operation whose one input is a list of tensors: TensorFlow does not infer their type. */
  readonly list: (length: number) => readonly OpAttribute[];
}

/**
 * The attributes that TensorFlow can neither infer from an operation's inputs nor default. Only these are passed: each
 * costs a tenth of a small operation's time.
 */
export function attributesOf(binding: Binding): Attributes {
  const known = made.get(binding);
  if (known !== undefined) return known;
  const attributes = makeAttributes(binding);
  made.set(binding, attributes);
  return attributes;
}

const made = new WeakMap<Binding, Attributes>();

function makeAttributes(binding: Binding): Attributes {
  const type = (name: string, value: number): OpAttribute => ({ name, type: binding.TF_ATTR_TYPE, value });
  const flag = (name: string): OpAttribute => ({ name, type: binding.TF_ATTR_BOOL, value: true });
  const { TF_FLOAT: float, TF_INT32: int } = binding;
  const pairs = [0, 1, 2, 3].map((kind) => [kind >= 2, kind % 2 === 1] as const);
  return {
    matMul: pairs.map(([a, b]) => [...(a ? [flag("transpose_a")] : []), ...(b ? [flag("transpose_b")] : [])]),
    batchMatMul: pairs.map(([a, b]) => [...(a ? [flag("adj_x")] : []), ...(b ? [flag("adj_y")] : [])]),
    keepDims: [flag("keep_dims")],
    random: [type("dtype", float)],
    toFloat: [type("DstT", float)],
    toInt: [type("DstT", int)],
    toDouble: [type("DstT", TF_DOUBLE)],
    toBfloat16: [type("DstT", TF_BFLOAT16)],
    list: listAttributes(binding),
  };
}

/** Makes the attributes of each length once. */
function listAttributes(binding: Binding): Attributes["list"] {
  const made = new Map<number, readonly OpAttribute[]>();
  return (length) => {
    const known = made.get(length);
    if (known !== undefined) return known;
    const attributes: readonly OpAttribute[] = [
      { name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
      { name: "N", type: binding.TF_ATTR_INT, value: length },
    ];
    made.set(length, attributes);
    return attributes;
  };
}
