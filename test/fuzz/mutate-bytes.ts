import type { Random } from "../../src/base/random";

/** Bytes after a change, and the change in words. */
export interface ByteChange {
  readonly bytes: Buffer;
  readonly change: string;
}

/** Changes a file's bytes without regard to its format: bits, bytes, ranges, its length. */
export function mutateBytes(bytes: Buffer, random: Random): ByteChange {
  const at = random.below(bytes.length + 1);
  const length = 1 + random.below(Math.min(64, Math.max(1, bytes.length)));
  const range = bytes.subarray(at, at + length);
  const joined = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);
  switch (random.below(9)) {
    case 0: {
      const bit = random.below(8);
      return { bytes: changed(bytes, at, (byte) => byte ^ (1 << bit)), change: `bit ${bit} of byte ${at} flipped` };
    }
    case 1: {
      const value = random.below(256);
      return { bytes: changed(bytes, at, () => value), change: `byte ${at} = ${value}` };
    }
    case 2:
      return { bytes: bytes.subarray(0, at), change: `cut off at byte ${at}` };
    case 3:
      return {
        bytes: joined(bytes.subarray(0, at), bytes.subarray(at + length)),
        change: `bytes ${at} to ${at + length} removed`,
      };
    case 4:
      return {
        bytes: joined(bytes.subarray(0, at), range, range, bytes.subarray(at + length)),
        change: `bytes ${at} to ${at + length} doubled`,
      };
    case 5: {
      const noise = Buffer.from(Array.from({ length }, () => random.below(256)));
      return {
        bytes: joined(bytes.subarray(0, at), noise, bytes.subarray(at)),
        change: `${length} random bytes inserted at ${at}`,
      };
    }
    case 6: {
      const noise = Buffer.from(Array.from({ length }, () => random.below(256)));
      return { bytes: joined(bytes, noise), change: `${length} random bytes appended` };
    }
    case 7:
      return {
        bytes: joined(bytes.subarray(0, at), Buffer.alloc(length), bytes.subarray(at + length)),
        change: `bytes ${at} to ${at + length} set to 0`,
      };
    default: {
      const from = random.below(bytes.length + 1);
      return {
        bytes: joined(bytes.subarray(0, at), bytes.subarray(from, from + length), bytes.subarray(at + length)),
        change: `bytes ${at} to ${at + length} replaced by those from ${from}`,
      };
    }
  }
}

function changed(bytes: Buffer, at: number, change: (byte: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  if (at < copy.length) copy[at] = change(copy[at]);
  return copy;
}
