import type { Random } from "../../src/base/random";
import { mutateBytes, type ByteChange } from "./mutate-bytes";

/** A pickle after a change. */
export interface PickleChange extends ByteChange {
  /** Whether the file now names a function that no file of weights needs, before its end. */
  readonly isMalicious: boolean;
}

/** Bytes after each opcode; -1 for a line or two, -2 for a length in 4 bytes, -3 for a length in one byte. */
const ARGUMENTS: Readonly<Record<number, number>> = {
  0x80: 1, 0x4a: 4, 0x4b: 1, 0x4d: 2, 0x47: 8, 0x8a: -3, 0x58: -2, 0x55: -3, 0x71: 1, 0x72: 4, 0x68: 1, 0x6a: 4, 0x63: -1,
}; // prettier-ignore

/** Opcodes that are put in place of others: all that are read, and those of classes, objects and other protocols. */
const OPCODES = Buffer.from(
  "(.0NJKMGXUTc)t]ae}sbuqrhjQRioPSVIdl2\x80\x81\x85\x86\x87\x88\x89\x8a\x8b\x8c\x93\x94\x95\x92",
  "latin1",
);

const HOSTILE: readonly Buffer[] = [
  "cos\nsystem\n", "cbuiltins\neval\n", "c__builtin__\nexec\n", "csubprocess\nPopen\n", "ctorch.hub\nload\n", "cnumpy.core.multiarray\n_reconstruct\n",
  "ios\nsystem\n",
].map((text) => Buffer.from(text)); // prettier-ignore

const SIZES = [0, 1, -1, 2, 255, 2 ** 16, 2 ** 31 - 1, -(2 ** 31)];

/** Offsets of the opcodes of a valid pickle, and of its end. */
export function opcodesOf(pickle: Buffer, start = 0): { readonly starts: readonly number[]; readonly end: number } {
  const starts: number[] = [];
  for (let at = start; ;) {
    starts.push(at);
    const code = pickle[at];
    if (code === 0x2e) return { starts, end: at + 1 };
    at += lengthOf(pickle, at);
  }
}

function lengthOf(pickle: Buffer, at: number): number {
  const length = ARGUMENTS[pickle[at]] ?? 0;
  if (length >= 0) return 1 + length;
  if (length === -2) return 5 + pickle.readUInt32LE(at + 1);
  if (length === -3) return 2 + pickle[at + 1];
  return pickle.indexOf("\n", pickle.indexOf("\n", at) + 1) + 1 - at;
}

/** Changes a pickle by its opcodes: another, one less, some twice, other numbers, a call of something else. */
export function mutatePickle(pickle: Buffer, random: Random): PickleChange {
  const { starts } = opcodesOf(pickle);
  const index = random.below(starts.length);
  const at = starts[index];
  const next = starts[Math.min(index + 1 + random.below(8), starts.length - 1)];
  const joined = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);
  const plain = (bytes: Buffer, change: string): PickleChange => ({ bytes, change, isMalicious: false });
  switch (random.below(6)) {
    case 0: {
      const copy = Buffer.from(pickle);
      copy[at] = OPCODES[random.below(OPCODES.length)];
      return plain(copy, `opcode ${index} = ${copy[at]}`);
    }
    case 1:
      return plain(joined(pickle.subarray(0, at), pickle.subarray(next)), `opcodes at ${at} to ${next} removed`);
    case 2: {
      const times = 1 + random.below(random.below(4) === 0 ? 20_000 : 3);
      const range = pickle.subarray(at, next);
      return plain(
        joined(pickle.subarray(0, at), ...new Array<Buffer>(times).fill(range), pickle.subarray(at)),
        `opcodes at ${at} to ${next} ${times} times more`,
      );
    }
    case 3: {
      const call = HOSTILE[random.below(HOSTILE.length)];
      const bytes = joined(pickle.subarray(0, at), call, pickle.subarray(at));
      return { bytes, change: `${JSON.stringify(call.toString())} at ${at}`, isMalicious: true };
    }
    case 4:
      return plain(...withSize(pickle, starts, random));
    default: {
      const { bytes, change } = mutateBytes(pickle, random);
      return plain(bytes, change);
    }
  }
}

/** Puts a number of four bytes that readers are known to stumble on in place of another. */
function withSize(pickle: Buffer, starts: readonly number[], random: Random): [Buffer, string] {
  const numbers = starts.filter((at) => [0x4a, 0x4b, 0x4d].includes(pickle[at]));
  const at = numbers[random.below(numbers.length)];
  const value = SIZES[random.below(SIZES.length)];
  const int = Buffer.alloc(5, "J");
  int.writeInt32LE(value, 1);
  return [
    Buffer.concat([pickle.subarray(0, at), int, pickle.subarray(at + lengthOf(pickle, at))]),
    `the number at ${at} = ${value}`,
  ];
}
