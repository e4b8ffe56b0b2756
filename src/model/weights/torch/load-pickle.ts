import { allowedGlobal } from "./allowed-globals";
import { callFunction } from "./call-function";
import { shownGlobal } from "./pickle-refusal";
import { isKind, PickleStack, type PickleContext } from "./pickle-stack";
import { kindOfValue, type PickleValue } from "./torch-values";

const LONGEST_TEXT = 1 << 20; // bytes; names of tensors have less than a hundred
const LONGEST_NAME = 1000; // bytes of a module's or function's name
const OPCODE_COST = 16; // bytes that an opcode's result takes on the stack
const STOP = 0x2e;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Interprets one pickle, from the source's position to its STOP. Accepts only the opcodes that torch.save writes for
 * weights (protocols 2 to 5), and only the names in `allowed-globals.ts`. Nothing is imported or executed. A name that
 * is not allowed is refused at the opcode that mentions it, before anything could call it.
 *
 * @throws TsloraError that names the global, opcode or call that is refused
 */
export function loadPickle(context: PickleContext): PickleValue {
  const stack = new PickleStack(context);
  const { source, allowance } = context;
  for (;;) {
    allowance.spend(OPCODE_COST);
    const code = source.byte();
    if (code === STOP) return stack.pop();
    const run = OPCODES[code];
    if (run === undefined) throw refuseOpcode(code, stack);
    run(stack);
  }
}

type Opcode = (stack: PickleStack) => void;

/** The opcodes, under their numbers in Python's pickle. */
const OPCODES: Readonly<Partial<Record<number, Opcode>>> = {
  0x80: protocol,
  0x95: ({ context }) => void context.source.bytes(8), // FRAME: its length is not needed
  0x28: (stack) => stack.mark(),
  0x30: (stack) => void stack.pop(), // POP
  // constants and numbers
  0x4e: (stack) => stack.push(null),
  0x88: (stack) => stack.push(true),
  0x89: (stack) => stack.push(false),
  0x4a: (stack) => stack.push(stack.context.source.bytes(4).readInt32LE()), // BININT
  0x4b: (stack) => stack.push(stack.context.source.byte()), // BININT1
  0x4d: (stack) => stack.push(stack.context.source.bytes(2).readUInt16LE()), // BININT2
  0x47: (stack) => stack.push(stack.context.source.bytes(8).readDoubleBE()), // BINFLOAT
  0x8a: (stack) => stack.push(long(stack.context.source.bytes(stack.context.source.byte()))), // LONG1
  // texts; those of Python 2 are bytes
  0x58: (stack) => text(stack, stack.context.source.bytes(4).readUInt32LE()), // BINUNICODE
  0x8c: (stack) => text(stack, stack.context.source.byte()), // SHORT_BINUNICODE
  0x54: (stack) => text(stack, stack.context.source.bytes(4).readUInt32LE()), // BINSTRING
  0x55: (stack) => text(stack, stack.context.source.byte()), // SHORT_BINSTRING
  // collections
  0x29: (stack) => stack.tuple(0),
  0x85: (stack) => stack.tuple(1),
  0x86: (stack) => stack.tuple(2),
  0x87: (stack) => stack.tuple(3),
  0x74: (stack) => stack.push(stack.newTuple(stack.popToMark())),
  0x5d: (stack) => stack.push(stack.newList()),
  0x61: (stack) => {
    const item = stack.pop(); // APPEND
    stack.append([item]);
  },
  0x65: (stack) => {
    const items = stack.popToMark(); // APPENDS
    stack.append(items);
  },
  0x7d: (stack) => stack.push(stack.newDict({ ordered: false })),
  0x73: (stack) => {
    const value = stack.pop(); // SETITEM
    const key = stack.pop();
    stack.setItems([key, value]);
  },
  0x75: (stack) => {
    const items = stack.popToMark(); // SETITEMS
    stack.setItems(items);
  },
  // memo
  0x71: (stack) => stack.memoize(stack.context.source.byte()), // BINPUT
  0x72: (stack) => stack.memoize(stack.context.source.bytes(4).readUInt32LE()), // LONG_BINPUT
  0x94: (stack) => stack.memoize(),
  0x68: (stack) => stack.recall(stack.context.source.byte()), // BINGET
  0x6a: (stack) => stack.recall(stack.context.source.bytes(4).readUInt32LE()), // LONG_BINGET
  // names, calls, storages
  0x63: (stack) => global(stack, line(stack), line(stack)),
  0x93: (stack) => {
    const [name, module] = [stack.pop(), stack.pop()]; // STACK_GLOBAL
    if (typeof name !== "string" || typeof module !== "string")
      throw stack.context.refusals.damaged(`its pickle takes ${kindOfValue(name)} as a function's name`);
    global(stack, module, name);
  },
  0x69: (stack) => {
    throw stack.context.refusals.forbidden(`to call ${shownGlobal(`${line(stack)}.${line(stack)}`)}`); // INST
  },
  0x52: reduce,
  0x62: build,
  0x51: (stack) => {
    const id = stack.pop(); // BINPERSID
    stack.push(stack.context.persistent(id));
  },
};

function protocol({ context: { source, refusals } }: PickleStack): void {
  const version = source.byte();
  if (version < 2 || version > 5)
    throw refusals.damaged(`its pickle has protocol ${version}; torch.save writes 2 to 5`);
}

/** Decodes a signed little-endian integer of any length. */
function long(bytes: Buffer): number | bigint {
  if (bytes.length === 0) return 0;
  if (bytes.length <= 6) return bytes.readIntLE(0, bytes.length);
  const hex = Buffer.from(bytes).reverse().toString("hex");
  const value = BigInt.asIntN(8 * bytes.length, BigInt(`0x${hex}`));
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function text(stack: PickleStack, length: number): void {
  const { source, allowance, refusals } = stack.context;
  if (length > LONGEST_TEXT)
    throw refusals.damaged(`its pickle has a text of ${length} bytes; at most ${LONGEST_TEXT} are read`);
  allowance.spend(2 * length);
  stack.push(decode(stack, source.bytes(length)));
}

function line(stack: PickleStack): string {
  const { source, refusals } = stack.context;
  const exceeded = (): Error => refusals.damaged(`its pickle has a name of more than ${LONGEST_NAME} bytes`);
  return decode(stack, source.line({ most: LONGEST_NAME, exceeded }));
}

function decode({ context: { refusals } }: PickleStack, bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw refusals.damaged("its pickle has a text that is not UTF-8");
  }
}

/** Pushes an allowed name; refuses any other by name. */
function global(stack: PickleStack, module: string, name: string): void {
  const path = `${module}.${name}`;
  const allowed = allowedGlobal(path);
  if (allowed === undefined) throw stack.context.refusals.forbidden(`to call ${shownGlobal(path)}`);
  stack.push({ kind: "global", name: allowed });
}

function reduce(stack: PickleStack): void {
  const args = stack.pop();
  const callee = stack.pop();
  if (!isKind(callee, "global"))
    throw stack.context.refusals.forbidden(`to call ${kindOfValue(callee)}, which is not a function`);
  if (!isKind(args, "tuple"))
    throw stack.context.refusals.damaged(`its pickle calls ${callee.name} with ${kindOfValue(args)}`);
  stack.push(callFunction(stack, callee.name, args.items));
}

/** Accepts the attributes of a state dict, its `_metadata`, without using them. Refuses those of other objects. */
function build(stack: PickleStack): void {
  const state = stack.pop();
  const object = stack.top();
  if (!isKind(object, "dict") || !object.ordered || !isKind(state, "dict"))
    throw stack.context.refusals.forbidden(`to set the state of ${kindOfValue(object)} (__setstate__)`);
}

/** Opcodes that are refused, with their names in Python's pickle. */
const REFUSED: Readonly<Partial<Record<number, string>>> = {
  0x81: "NEWOBJ",
  0x92: "NEWOBJ_EX",
  0x6f: "OBJ",
  0x82: "EXT1",
  0x83: "EXT2",
  0x84: "EXT4",
  0x50: "PERSID",
  0x8f: "EMPTY_SET",
  0x90: "ADDITEMS",
  0x91: "FROZENSET",
  0x42: "BINBYTES",
  0x43: "SHORT_BINBYTES",
  0x8e: "BINBYTES8",
  0x96: "BYTEARRAY8",
  0x97: "NEXT_BUFFER",
  0x98: "READONLY_BUFFER",
  0x8b: "LONG4",
  0x8d: "BINUNICODE8",
  0x31: "POP_MARK",
  0x32: "DUP",
  0x49: "INT",
  0x4c: "LONG",
  0x46: "FLOAT",
  0x53: "STRING",
  0x56: "UNICODE",
  0x67: "GET",
  0x70: "PUT",
  0x6c: "LIST",
  0x64: "DICT",
};

function refuseOpcode(code: number, { context: { refusals } }: PickleStack): Error {
  const name = REFUSED[code];
  return name === undefined
    ? refusals.damaged(`its pickle has the opcode ${code}, which does not exist`)
    : refusals.forbidden(`for the pickle opcode ${name}, which torch.save does not write for weights`);
}
