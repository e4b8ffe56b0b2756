import { TsloraError } from "../../base/tslora-error";

/** A field of a protobuf message: a number, or bytes that may be a number, a text or another message. */
export type ProtobufField =
  /** `value` is exact up to 2^53; `int32` are its lowest 32 bits, with a sign. */
  | { readonly field: number; readonly kind: "varint"; readonly value: number; readonly int32: number }
  | { readonly field: number; readonly kind: "fixed"; readonly bytes: Uint8Array }
  | { readonly field: number; readonly kind: "bytes"; readonly bytes: Uint8Array };

const FIXED_SIZES: Readonly<Record<number, number>> = { 1: 8, 5: 4 };
const LONGEST_NUMBER = 10; // bytes

/**
 * Reads the fields of a protobuf message one by one, within its bytes. Refuses groups, which are obsolete.
 *
 * @param where - the file's name in messages
 * @throws TsloraError `bad-input` if the message ends within a field.
 */
export function* protobufFields(bytes: Uint8Array, where: string): Generator<ProtobufField> {
  let at = 0;
  const varint = (): { value: number; int32: number } => {
    let [value, int32] = [0, 0];
    for (let i = 0; i < LONGEST_NUMBER; i++) {
      if (at >= bytes.length) throw damagedModel(where, "it ends within a number");
      const byte = bytes[at++];
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (i < 5) int32 |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) return { value, int32 };
    }
    throw damagedModel(where, `it holds a number of more than ${LONGEST_NUMBER} bytes`);
  };
  const take = (size: number): Uint8Array => {
    if (size > bytes.length - at) throw damagedModel(where, `it ends within a field of ${size} bytes`);
    at += size;
    return bytes.subarray(at - size, at);
  };
  while (at < bytes.length) {
    const tag = varint().value;
    const [field, type] = [Math.floor(tag / 8), tag % 8];
    if (field === 0 || field >= 2 ** 29) throw damagedModel(where, `it holds the field ${field}`);
    if (type === 0) yield { field, kind: "varint", ...varint() };
    else if (type === 2) yield { field, kind: "bytes", bytes: take(varint().value) };
    else if (Object.hasOwn(FIXED_SIZES, type)) yield { field, kind: "fixed", bytes: take(FIXED_SIZES[type]) };
    else throw damagedModel(where, `it holds the field ${field} of the type ${type}`);
  }
}

/** An error about a damaged sentencepiece model. */
export function damagedModel(where: string, what: string, cause?: unknown): TsloraError {
  return new TsloraError("bad-input", `${where} must be a sentencepiece model; ${what}. Fetch the file again.`, {
    cause,
  });
}
