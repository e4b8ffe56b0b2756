import { bytesOf } from "../../base/bytes-of";
import { writeAtomically } from "../../base/files/write-atomically";
import { sizeOf } from "../../ops/tensor";

/** A tensor to write: its 32-bit floats, or a function that reads them just before they are written. */
export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | (() => Promise<Float32Array>);
}

/**
 * Writes a safetensors file of 32-bit floats, with tensors sorted by name as in the reference library. Reads and writes
 * one tensor at a time, to a temporary file that is renamed when it is complete.
 *
 * @throws RangeError if the number of a tensor's values does not match its shape.
 */
export async function writeSafetensors(
  path: string,
  options: { tensors: readonly TensorToWrite[]; metadata?: Readonly<Record<string, string>> },
): Promise<void> {
  const tensors = [...options.tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
  const header: Record<string, unknown> = {};
  if (options.metadata !== undefined) header.__metadata__ = options.metadata;
  const names = new Set<string>();
  let end = 0;
  for (const { name, shape } of tensors) {
    if (names.size === names.add(name).size) throw new RangeError(`${path}: two tensors have the name "${name}".`);
    const begin = end;
    end += sizeOf(shape) * 4;
    header[name] = { dtype: "F32", shape, data_offsets: [begin, end] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, " ")]); // aligns the data to 8
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  async function* parts(): AsyncGenerator<Uint8Array> {
    yield length;
    yield padded;
    for (const { name, shape, values } of tensors) {
      const floats = typeof values === "function" ? await values() : values;
      if (floats.length !== sizeOf(shape))
        throw new RangeError(
          `${path}: "${name}" of shape [${shape.join(", ")}] must have ${sizeOf(shape)} numbers; got ${floats.length}.`,
        );
      yield bytesOf(floats);
    }
  }
  await writeAtomically(path, parts());
}
