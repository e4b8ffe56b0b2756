import { create } from "@bufbuild/protobuf";

import { AttributeProto_AttributeType, AttributeProtoSchema, NodeProtoSchema } from "./schema/onnx_pb";
import type { AttributeProto, NodeProto } from "./schema/onnx_pb";

/** The name of a tensor in the graph; "" stands for an optional input that is not given. */
export type Value = string;

/** An attribute of a node: a whole number, a list of them, or a 32-bit float. */
export type Attribute = number | readonly number[] | { readonly float: number };

/** Types of stored tensors. */
export type ElementType = "float" | "int64" | "int8";

/** Bytes of an element. */
export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = { float: 4, int64: 8, int8: 1 };

/** A stored tensor. Its values are read just before they are written. */
export interface StoredTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly read: () => Promise<Float32Array | BigInt64Array | Int8Array>;
}

/** Collects the nodes of a graph and its stored tensors. Nodes that were added earlier come first. */
export class GraphBuilder {
  readonly nodes: NodeProto[] = [];
  readonly tensors: StoredTensor[] = [];
  readonly #names = new Map<string, number>();
  readonly #constants = new Map<string, Value>();

  /** Adds a node with one output, and returns the output. */
  node(operator: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
    return this.nodeOf(operator, inputs, { outputs: 1, attributes })[0];
  }

  /** Adds a node with several outputs, and returns them. */
  nodeOf(
    operator: string,
    inputs: readonly Value[],
    { outputs, attributes = {} }: { outputs: number; attributes?: Readonly<Record<string, Attribute>> },
  ): Value[] {
    const name = this.#fresh(operator);
    const output = Array.from({ length: outputs }, (_, i) => (i === 0 ? name : `${name}_${i}`));
    const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
    this.nodes.push(create(NodeProtoSchema, { name, opType: operator, input: [...inputs], output, attribute }));
    return output;
  }

  /** Gives the output of the node that was added last the name under which callers know it. */
  name(value: Value, name: string): void {
    const last = this.nodes.at(-1);
    if (last?.output[0] !== value) throw new TypeError(`${value} must be the output of the last node.`);
    last.output[0] = name;
  }

  /** Adds a stored tensor, and returns its name. */
  store(tensor: StoredTensor): Value {
    this.tensors.push(tensor);
    return tensor.name;
  }

  /** Returns a constant list of whole numbers; a single number without a shape if `values` is one. */
  ints(values: number | readonly number[]): Value {
    const list = typeof values === "number" ? [values] : values;
    const shape = typeof values === "number" ? [] : [list.length];
    return this.#constant("int64", { list, shape, make: () => BigInt64Array.from(list, BigInt) });
  }

  /** Returns a constant 32-bit float, without a shape. */
  float(value: number): Value {
    return this.#constant("float", { list: [value], shape: [], make: () => Float32Array.of(value) });
  }

  #constant(
    type: ElementType,
    {
      list,
      shape,
      make,
    }: { list: readonly number[]; shape: readonly number[]; make: () => BigInt64Array | Float32Array },
  ): Value {
    const key = `${type} ${JSON.stringify(shape)} ${list.join(",")}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.store({ name: this.#fresh("constant"), type, shape, read: async () => make() });
    this.#constants.set(key, name);
    return name;
  }

  /** A name that no other tensor has; a weight's name has a dot, or begins with a small letter. */
  #fresh(kind: string): string {
    const count = this.#names.get(kind) ?? 0;
    this.#names.set(kind, count + 1);
    return `${kind}_${count}`;
  }
}

function attributeOf(name: string, value: Attribute): AttributeProto {
  const { INT, INTS, FLOAT } = AttributeProto_AttributeType;
  if (typeof value === "number") return create(AttributeProtoSchema, { name, type: INT, i: BigInt(value) });
  if ("float" in value) return create(AttributeProtoSchema, { name, type: FLOAT, f: value.float });
  return create(AttributeProtoSchema, { name, type: INTS, ints: value.map(BigInt) });
}
