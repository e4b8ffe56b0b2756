import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { rm } from "node:fs/promises";
import { basename } from "node:path";

import { writeAtomically } from "../../base/files/write-atomically";
import { sizeOf } from "../../ops/tensor";
import { ELEMENT_BYTES, type ElementType, type GraphBuilder, type StoredTensor, type Value } from "./graph-builder";
import {
  GraphProtoSchema,
  ModelProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType,
  TensorProtoSchema,
  ValueInfoProtoSchema,
  type ValueInfoProto,
} from "./schema/onnx_pb";

/** The newest operators and format that onnxruntime 1.14 reads; @xenova/transformers includes that version. */
const OPSET = 17n;
const IR_VERSION = 8n;

/** Protobuf's limit of 2 GiB for a message, less some room for the graph itself. */
export const MOST_BYTES = 2 ** 31 - 2 ** 24;

/** Smaller tensors stay in the model's file: runtimes read shapes and constants from it. */
const LEAST_EXTERNAL = 1024;
/** External tensors begin at multiples of a page, so that they can be mapped. */
const PAGE = 4096;

const DATA_TYPES: Readonly<Record<ElementType, TensorProto_DataType>> = {
  float: TensorProto_DataType.FLOAT,
  int64: TensorProto_DataType.INT64,
  int8: TensorProto_DataType.INT8,
};

/** An input or output of a graph. A size that may differ between calls has a name instead of a number. */
export interface GraphEnd {
  readonly name: Value;
  readonly type: "float" | "int64";
  readonly shape: readonly (number | string)[];
}

/** A graph with its ends. */
export interface WholeGraph {
  readonly name: string;
  readonly builder: GraphBuilder;
  readonly inputs: readonly GraphEnd[];
  readonly outputs: readonly GraphEnd[];
}

/** Options of {@link writeModel}. */
export interface WriteModelOptions {
  /** Weights with more bytes in all are written to a second file, PATH_data. @default 2 GiB less 16 MiB */
  readonly mostBytes?: number;
  /** Stops the writing between two weights: the signal's reason is thrown, and neither file is left. */
  readonly signal?: AbortSignal;
}

/**
 * Writes a graph as an ONNX file. Weights that are too large for one protobuf message go to a second file, PATH_data.
 * Reads and writes one weight at a time. Each file is written under a temporary name and renamed. If the model's file
 * cannot be written, the second file is removed.
 *
 * @returns the paths written
 */
export async function writeModel(
  path: string,
  graph: WholeGraph,
  { mostBytes = MOST_BYTES, signal }: WriteModelOptions = {},
): Promise<string[]> {
  const { tensors } = graph.builder;
  const total = tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  const isExternal = (tensor: StoredTensor): boolean => total > mostBytes && bytesOf(tensor) >= LEAST_EXTERNAL;
  const external = tensors.filter(isExternal);
  const data = `${path}_data`;
  if (external.length > 0) await writeAtomically(data, stoppable(externalParts(external), signal));
  const places = placesOf(external);
  const headers = tensors.map((tensor) => ({ tensor, header: headerOf(tensor, places.get(tensor), basename(data)) }));
  try {
    await writeAtomically(path, stoppable(modelParts(graph, { headers, places }), signal));
  } catch (error) {
    if (external.length > 0) await rm(data, { force: true }).catch(() => undefined);
    throw error;
  }
  return external.length > 0 ? [data, path] : [path];
}

/** Yields the parts until the signal is aborted. */
async function* stoppable(
  parts: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    signal?.throwIfAborted();
    yield part;
  }
}

/** Bytes of a tensor's values. */
export function bytesOf({ type, shape }: Pick<StoredTensor, "type" | "shape">): number {
  return sizeOf(shape) * ELEMENT_BYTES[type];
}

/**
 * The model's bytes: first all fields except the graph, then the graph as one message. Its length is computed from the
 * shapes, before any weight is read.
 */
async function* modelParts(
  { name, builder, inputs, outputs }: WholeGraph,
  {
    headers,
    places,
  }: {
    headers: readonly { readonly tensor: StoredTensor; readonly header: Uint8Array }[];
    places: ReadonlyMap<StoredTensor, number>;
  },
): AsyncGenerator<Uint8Array> {
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    opsetImport: [{ domain: "", version: OPSET }],
    producerName: "tslora",
  });
  yield toBinary(ModelProtoSchema, model);
  const graph = toBinary(
    GraphProtoSchema,
    create(GraphProtoSchema, { name, node: builder.nodes, input: inputs.map(infoOf), output: outputs.map(infoOf) }),
  );
  const stored = headers.map(({ tensor, header }) => {
    const inside = places.has(tensor) ? 0 : bytesOf(tensor);
    const raw = inside === 0 ? header : join(header, prefix(FIELD.rawData, inside));
    return { tensor, inside, head: join(prefix(FIELD.initializer, raw.length + inside), raw) };
  });
  yield prefix(
    FIELD.graph,
    stored.reduce((sum, { head, inside }) => sum + head.length + inside, graph.length),
  );
  yield graph;
  for (const { tensor, inside, head } of stored) {
    yield head;
    if (inside > 0) yield await valuesOf(tensor);
  }
}

/** Numbers of the fields whose content is streamed. */
const FIELD = {
  graph: ModelProtoSchema.field.graph.number,
  initializer: GraphProtoSchema.field.initializer.number,
  rawData: TensorProtoSchema.field.rawData.number,
};

/** The tag and the length that precede a field's bytes. */
function prefix(field: number, length: number): Uint8Array {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(length).finish();
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** A stored tensor's message without its values: name, type, shape, and where they are if they are in another file. */
function headerOf(tensor: StoredTensor, offset: number | undefined, location: string): Uint8Array {
  const { name, type, shape } = tensor;
  const place =
    offset === undefined
      ? {}
      : {
          dataLocation: TensorProto_DataLocation.EXTERNAL,
          externalData: Object.entries({ location, offset, length: bytesOf(tensor) }).map(([key, value]) => ({
            key,
            value: String(value),
          })),
        };
  const message = create(TensorProtoSchema, { name, dataType: DATA_TYPES[type], dims: shape.map(BigInt), ...place });
  return toBinary(TensorProtoSchema, message);
}

/** The offset of each tensor in the second file. */
function placesOf(external: readonly StoredTensor[]): Map<StoredTensor, number> {
  let end = 0;
  return new Map(
    external.map((tensor) => {
      const begin = Math.ceil(end / PAGE) * PAGE;
      end = begin + bytesOf(tensor);
      return [tensor, begin];
    }),
  );
}

async function* externalParts(external: readonly StoredTensor[]): AsyncGenerator<Uint8Array> {
  const places = placesOf(external);
  let end = 0;
  for (const tensor of external) {
    const begin = places.get(tensor) ?? end;
    if (begin > end) yield new Uint8Array(begin - end);
    yield await valuesOf(tensor);
    end = begin + bytesOf(tensor);
  }
}

async function valuesOf(tensor: StoredTensor): Promise<Uint8Array> {
  const values = await tensor.read();
  if (values.byteLength !== bytesOf(tensor))
    throw new RangeError(
      `${tensor.name} of shape [${tensor.shape.join(", ")}] must have ${bytesOf(tensor)} bytes; got ${values.byteLength}.`,
    );
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function infoOf({ name, type, shape }: GraphEnd): ValueInfoProto {
  const dim = shape.map((size) => ({
    value:
      typeof size === "number"
        ? ({ case: "dimValue", value: BigInt(size) } as const)
        : ({ case: "dimParam", value: size } as const),
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType: DATA_TYPES[type], shape: { dim } } } },
  });
}
