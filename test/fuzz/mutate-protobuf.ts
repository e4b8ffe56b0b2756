import type { Random } from "../../src/base/random";
import { mutateBytes } from "./mutate-bytes";

/** A protobuf message after a change. */
export interface ProtobufChange {
  readonly bytes: Buffer;
  readonly change: string;
  /** Why the message is none, or holds what no reader may take. */
  readonly broken?: string;
}

/** A field of a message: its value is as it is in the file, with the length before bytes left out. */
interface Field {
  readonly number: number;
  readonly type: number;
  readonly value: Buffer;
}

const [VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES] = [0, 1, 2, 5];
/** Fields of a sentencepiece model that are messages: its pieces, and the settings of training and normalizer. */
const MESSAGES: readonly number[] = [1, 2, 3];
/** The field of the normalizer's settings that holds its character map. */
const CHARSMAP = 2;

const NUMBERS = [0n, 1n, 2n, 3n, 4n, 5n, 127n, 128n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]; // prettier-ignore
const FLOATS = [0, -0, 1, -1e38, 1e38, 1e-45, NaN, Infinity, -Infinity];
const TEXTS = ["", " ", "\u2581", "\u2581\u2581", "\u0000", "a", "<unk>", "<s>", "[CLS]", "__proto__", "a".repeat(100_000)].map((text) => Buffer.from(text)); // prettier-ignore
const NOT_UTF8 = Buffer.from([0x61, 0xff, 0xc0]);

/** Changes a sentencepiece model by its fields, those of its messages too, or as bytes. */
export function mutateProtobuf(bytes: Buffer, random: Random): ProtobufChange {
  const fields = fieldsOf(bytes);
  const index = random.below(8) === 0 ? random.below(fields.length) : chosen(fields, random);
  const { number, type, value } = fields[index];
  const put = (...next: readonly Field[]): Buffer =>
    Buffer.concat([...fields.slice(0, index), ...next, ...fields.slice(index + 1)].map(encoded));
  const where = `field ${index} (number ${number})`;
  switch (random.below(12)) {
    case 0:
      return { bytes: put(), change: `${where} removed` };
    case 1: {
      const times = 2 + random.below(random.below(4) === 0 ? 5000 : 3);
      return { bytes: put(...new Array<Field>(times).fill(fields[index])), change: `${where} ${times} times` };
    }
    case 2: {
      const other = fields[random.below(fields.length)];
      return { bytes: put(other), change: `${where} = another one` };
    }
    case 3: {
      const other = [1, 2, 3, 4, 5, 15, 16, 200, 2 ** 29 - 1][random.below(9)];
      return { bytes: put({ number: other, type, value }), change: `${where} gets the number ${other}` };
    }
    case 4: {
      const claimed = value.length + 1 + random.below(random.below(2) === 0 ? 10 : 2 ** 31);
      const head = Buffer.concat([varint(BigInt(number * 8 + BYTES)), varint(BigInt(claimed))]);
      const before = Buffer.concat(fields.slice(0, index).map(encoded));
      return {
        bytes: Buffer.concat([before, head, value]),
        change: `${where} is the last one and claims ${claimed} bytes`,
        broken: "it ends within a field",
      };
    }
    case 5: {
      const { bytes: next, change } = mutateBytes(bytes, random);
      return { bytes: next, change };
    }
    default: {
      if (type !== BYTES || !MESSAGES.includes(number)) {
        const { field, change, broken } = mutateValue(fields[index], { isPiece: false, random });
        return { bytes: put(field), change: `${where}: ${change}`, broken };
      }
      const parts = fieldsOf(value);
      if (parts.length === 0) return { bytes: put(), change: `${where} removed` };
      const at = random.below(parts.length);
      const next = number === 3 && parts[at].number === CHARSMAP ? damagedRules : mutateValue;
      const { field, change, broken } = next(parts[at], { isPiece: number === 1, random });
      const inner = Buffer.concat([...parts.slice(0, at), field, ...parts.slice(at + 1)].map(encoded));
      return {
        bytes: put({ number, type, value: inner }),
        change: `${where}, its field ${parts[at].number}: ${change}`,
        broken,
      };
    }
  }
}

/** A field: each message that is no piece as often as all pieces together. */
function chosen(fields: readonly Field[], random: Random): number {
  const settings = fields.flatMap(({ number }, index) => (number === 1 ? [] : [index]));
  return random.below(2) === 0 && settings.length > 0
    ? settings[random.below(settings.length)]
    : random.below(fields.length);
}

function damagedRules(field: Field, { random }: { random: Random }): { field: Field; change: string; broken?: string } {
  const { bytes, change } = mutateBytes(field.value, random);
  return { field: { ...field, value: bytes }, change: `rules, ${change}` };
}

/** Puts a value that readers are known to stumble on in place of a field's, or makes the field one of another type. */
function mutateValue(
  field: Field,
  { isPiece, random }: { isPiece: boolean; random: Random },
): { field: Field; change: string; broken?: string } {
  const type = random.below(5) === 0 ? [VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES][random.below(4)] : field.type;
  const { number } = field;
  const [isText, isScore] = [isPiece && number === 1, isPiece && number === 2];
  if (type === VARINT) {
    const value = NUMBERS[random.below(NUMBERS.length)];
    return {
      field: { number, type, value: varint(value) },
      change: `= ${value}`,
      broken: isText || isScore ? "a piece's text or score is a whole number" : undefined,
    };
  }
  if (type === BYTES) {
    const value = random.below(4) === 0 ? NOT_UTF8 : TEXTS[random.below(TEXTS.length)];
    const why = value === NOT_UTF8 ? "a piece's text is not UTF-8" : value.length === 0 ? "a piece has no text" : undefined; // prettier-ignore
    return {
      field: { number, type, value },
      change: `= ${value.length} bytes, ${JSON.stringify(value.toString("latin1").slice(0, 20))}`,
      broken: isText ? why : isScore ? "a piece's score is a text" : undefined,
    };
  }
  const value = FLOATS[random.below(FLOATS.length)];
  const bytes = Buffer.alloc(type === FOUR_BYTES ? 4 : 8);
  if (type === FOUR_BYTES) bytes.writeFloatLE(value);
  else bytes.writeDoubleLE(value);
  const isNone = isScore && (type === EIGHT_BYTES || !Number.isFinite(value));
  return {
    field: { number, type, value: bytes },
    change: `= ${value} in ${bytes.length} bytes`,
    broken: isText ? "a piece's text is a number" : isNone ? "a piece's score is no finite float" : undefined,
  };
}

/** The fields of a valid message. */
function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const number = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(number());
    const [field, type] = [tag >> 3, tag & 7];
    if (type === VARINT) fields.push({ number: field, type, value: varint(number()) });
    else {
      const size = type === BYTES ? Number(number()) : type === FOUR_BYTES ? 4 : 8;
      fields.push({ number: field, type, value: bytes.subarray(at, at + size) });
      at += size;
    }
  }
  return fields;
}

function encoded({ number, type, value }: Field): Buffer {
  const head = varint(BigInt(number * 8 + type));
  return Buffer.concat(type === BYTES ? [head, varint(BigInt(value.length)), value] : [head, value]);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 128n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 127n) | 128);
  }
}
