/** The opcodes of a pickle, as bytes. */
export const pickle = {
  proto: (version = 2): Buffer => Buffer.of(0x80, version),
  stop: Buffer.from("."),
  mark: Buffer.from("("),
  tuple: Buffer.from("t"),
  tuple1: Buffer.of(0x85),
  tuple2: Buffer.of(0x86),
  emptyTuple: Buffer.from(")"),
  emptyDict: Buffer.from("}"),
  emptyList: Buffer.from("]"),
  reduce: Buffer.from("R"),
  build: Buffer.from("b"),
  newObject: Buffer.of(0x81),
  persistentId: Buffer.from("Q"),
  setItem: Buffer.from("s"),
  setItems: Buffer.from("u"),
  append: Buffer.from("a"),
  appends: Buffer.from("e"),
  pop: Buffer.from("0"),
  no: Buffer.of(0x89),
  global: (module: string, name: string): Buffer => Buffer.from(`c${module}\n${name}\n`),
  text: (value: string): Buffer => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([Buffer.from("X"), length, bytes]);
  },
  int: (value: number): Buffer => {
    const bytes = Buffer.alloc(5, "J");
    bytes.writeInt32LE(value, 1);
    return bytes;
  },
  long: (value: bigint): Buffer => {
    const bytes = Buffer.alloc(10);
    bytes.set([0x8a, 8]);
    bytes.writeBigInt64LE(value, 2);
    return bytes;
  },
  put: (index: number): Buffer => Buffer.of(0x71, index),
  get: (index: number): Buffer => Buffer.of(0x68, index),
} as const;

const MAGIC = Buffer.from("80028a0a6cfc9c46f9206aa850192e", "hex");
const PROTOCOL = Buffer.from("80024de9032e", "hex");
const NO_FACTS = Buffer.concat([pickle.proto(), pickle.emptyDict, pickle.stop]);

/** A file in the legacy format: an object's pickle, and its storages by key. */
export function legacyFile(
  object: readonly Buffer[],
  storages: Readonly<Record<string, { readonly count: number; readonly bytes: Buffer }>> = {},
): Buffer {
  const keys = Object.keys(storages).map((key) => Buffer.concat([pickle.text(key), pickle.append]));
  const data = Object.values(storages).map(({ count, bytes }) => {
    const size = Buffer.alloc(8);
    size.writeBigInt64LE(BigInt(count));
    return Buffer.concat([size, bytes]);
  });
  return Buffer.concat([
    MAGIC,
    PROTOCOL,
    NO_FACTS,
    ...object,
    Buffer.concat([pickle.proto(), pickle.emptyList, ...keys, pickle.stop]),
    ...data,
  ]);
}

/** Parts of a tensor of a state dict, each as opcodes. */
export interface TensorParts {
  readonly storageClass?: Buffer;
  readonly count?: Buffer;
  readonly offset?: Buffer;
  readonly size?: Buffer;
  readonly stride?: Buffer;
  readonly hooks?: Buffer;
}

/** The opcodes of a tensor of two floats in storage "0", with parts replaced. */
export function tensor(parts: TensorParts = {}): Buffer {
  const {
    storageClass = pickle.global("torch", "FloatStorage"),
    count = pickle.int(2),
    offset = pickle.int(0),
    size = sizes(2),
    stride = sizes(1),
    hooks = Buffer.concat([pickle.global("collections", "OrderedDict"), pickle.emptyTuple, pickle.reduce]),
  } = parts;
  const storage = [
    pickle.mark,
    pickle.text("storage"),
    storageClass,
    pickle.text("0"),
    pickle.text("cpu"),
    count,
    pickle.tuple,
    pickle.persistentId,
  ];
  return Buffer.concat([
    pickle.global("torch._utils", "_rebuild_tensor_v2"),
    pickle.mark,
    ...storage,
    offset,
    size,
    stride,
    pickle.no,
    hooks,
    pickle.tuple,
    pickle.reduce,
  ]);
}

/** The opcodes of a tuple of numbers. */
export function sizes(...numbers: readonly number[]): Buffer {
  return Buffer.concat([pickle.mark, ...numbers.map((n) => pickle.long(BigInt(n))), pickle.tuple]);
}

/** The opcodes of a state dict with one tensor, "weight". */
export function stateDict(value: Buffer): Buffer[] {
  return [pickle.proto(), pickle.emptyDict, pickle.text("weight"), value, pickle.setItem, pickle.stop];
}
