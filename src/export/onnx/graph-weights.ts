import { TsloraError } from "../../base/tslora-error";
import type { GraphBuilder, StoredTensor, Value } from "./graph-builder";
import { quantizeFactor, quantizeLinear, quantizeTable, transposed } from "./quantize";
import type { Quantization, Quantized } from "./quantize";
import { TensorProto_DataType } from "./schema/onnx_pb";

/** A weight to export, under transformers' name. */
export interface ExportedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly read: () => Promise<Float32Array>;
}

/** A linear layer or a norm by the name of its module. */
export interface GraphModule {
  readonly name: string;
  readonly hasBias: boolean;
}

/**
 * Adds the nodes that use weights. Each weight is stored once, however often it is used. Reading a weight with NaN or
 * Infinity throws: 8-bit weights and inputs would make plausible logits of it.
 */
export class GraphWeights {
  readonly #builder: GraphBuilder;
  readonly #weights: ReadonlyMap<string, ExportedWeight>;
  readonly #quantize: Quantization;
  readonly #stored = new Set<string>();
  /** Inputs in 8 bits, with scale and zero point, which several linear layers may read. */
  readonly #inputs = new Map<Value, readonly Value[]>();
  /** 8-bit weights converted to floats, by the names of their layers. Shared layers use the same one. */
  readonly #floats = new Map<string, Value>();

  /** @param options.quantize - the parts of linear layers and the word embedding that are in 8 bits */
  constructor(
    builder: GraphBuilder,
    { weights, quantize }: { weights: readonly ExportedWeight[]; quantize: Quantization },
  ) {
    this.#builder = builder;
    this.#weights = new Map(weights.map((weight) => [weight.name, finite(weight)]));
    this.#quantize = quantize;
  }

  /** A linear layer: x [..., into] to [..., out]. */
  linear(x: Value, { name, hasBias }: GraphModule): Value {
    const product = this.#quantize === "int8" ? this.#integerProduct(x, name) : this.#product(x, name);
    return hasBias ? this.#builder.node("Add", [product, this.table(`${name}.bias`)]) : product;
  }

  /** A layer norm over the last axis. */
  norm(x: Value, { name, hasBias }: GraphModule, epsilon: number): Value {
    const bias = hasBias ? this.table(`${name}.bias`) : this.#zeros(this.#weight(`${name}.weight`).shape);
    return this.#builder.node("LayerNormalization", [x, this.table(`${name}.weight`), bias], {
      axis: -1,
      epsilon: { float: epsilon },
    });
  }

  /** A weight as it is. */
  table(name: string): Value {
    const { shape, read } = this.#weight(name);
    return this.#store({ name, type: "float", shape, read });
  }

  /** Rows of the word embedding: ids [batch, length] to [batch, length, width]. */
  words(name: string, ids: Value): Value {
    if (this.#quantize === "none") return this.#builder.node("Gather", [this.table(name), ids]);
    const { shape } = this.#weight(name);
    const [values, scales] = this.#quantized(name, { shape, scales: [shape[0], 1], quantize: quantizeTable });
    return this.#builder.node("Mul", [
      this.#toFloat(this.#builder.node("Gather", [values, ids])),
      this.#builder.node("Gather", [scales, ids]),
    ]);
  }

  #product(x: Value, name: string): Value {
    const { shape, read } = this.#weight(`${name}.weight`);
    if (this.#quantize === "int8-weights") return this.#builder.node("MatMul", [x, this.#weightOf8Bits(name, shape)]);
    const weight = this.#store({
      name: `${name}.weight_transposed`,
      type: "float",
      shape: [shape[1], shape[0]],
      read: async () => transposed(await read(), shape),
    });
    return this.#builder.node("MatMul", [x, weight]);
  }

  /** An 8-bit weight [into, out] as 32-bit floats. Runtimes convert it once, when they open the model. */
  #weightOf8Bits(name: string, [out, into]: readonly number[]): Value {
    const known = this.#floats.get(name);
    if (known !== undefined) return known;
    const [values, scales] = this.#quantized(`${name}.weight`, {
      shape: [into, out],
      scales: [out],
      quantize: quantizeLinear,
    });
    const weight = this.#builder.node("Mul", [this.#toFloat(values), scales]);
    this.#floats.set(name, weight);
    return weight;
  }

  /** An integer product as onnxruntime's `quantize_dynamic` writes it: inputs are quantized at run time. */
  #integerProduct(x: Value, name: string): Value {
    const { shape } = this.#weight(`${name}.weight`);
    const [weight, weightScale] = this.#quantized(`${name}.weight`, {
      shape: [shape[1], shape[0]],
      scales: [shape[0]],
      quantize: quantizeFactor,
    });
    const known = this.#inputs.get(x) ?? this.#builder.nodeOf("DynamicQuantizeLinear", [x], { outputs: 3 });
    this.#inputs.set(x, known);
    const [input, inputScale, zeroPoint] = known;
    const product = this.#builder.node("MatMulInteger", [input, weight, zeroPoint]);
    return this.#builder.node("Mul", [this.#toFloat(product), this.#builder.node("Mul", [inputScale, weightScale])]);
  }

  /** A bias of zeros for a norm without bias: onnxruntime 1.14 crashes if LayerNormalization has only two inputs. */
  #zeros(shape: readonly number[]): Value {
    const name = `zeros.${shape.join("x")}`;
    return this.#store({ name, type: "float", shape, read: async () => new Float32Array(shape[0]) });
  }

  #toFloat(x: Value): Value {
    return this.#builder.node("Cast", [x], { to: TensorProto_DataType.FLOAT });
  }

  /** Stores a weight's 8-bit values and its scales. */
  #quantized(
    name: string,
    {
      shape,
      scales,
      quantize,
    }: {
      shape: readonly number[];
      scales: readonly number[];
      quantize: (weight: Float32Array, shape: readonly number[]) => Quantized;
    },
  ): [values: Value, scales: Value] {
    const weight = this.#weight(name);
    let known: Float32Array | undefined; // values are written before their scales
    const read = async (): Promise<Quantized> => {
      const quantized = quantize(await weight.read(), weight.shape);
      known = quantized.scales;
      return quantized;
    };
    const readScales = async (): Promise<Float32Array> => known ?? (await read()).scales;
    return [
      this.#store({ name: `${name}_quantized`, type: "int8", shape, read: async () => (await read()).values }),
      this.#store({ name: `${name}_scale`, type: "float", shape: scales, read: readScales }),
    ];
  }

  #store(tensor: StoredTensor): Value {
    if (this.#stored.has(tensor.name)) return tensor.name;
    this.#stored.add(tensor.name);
    return this.#builder.store(tensor);
  }

  #weight(name: string): ExportedWeight {
    const found = this.#weights.get(name);
    if (found === undefined) throw new TypeError(`The model has no weight "${name}".`);
    return found;
  }
}

/** The same weight, whose numbers are checked when they are read. */
function finite(weight: ExportedWeight): ExportedWeight {
  const { name, shape, read } = weight;
  return {
    name,
    shape,
    read: async () => {
      const numbers = await read();
      const bad = numbers.findIndex((number) => !Number.isFinite(number));
      if (bad < 0) return numbers;
      throw new TsloraError(
        "bad-input",
        `Exported weights must be finite numbers; ${name} holds ${numbers[bad]}. Did training diverge?`,
        { details: { weight: name } },
      );
    },
  };
}
