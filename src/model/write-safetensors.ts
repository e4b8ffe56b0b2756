import { writeAtomically } from "../base/write-atomically";

/** A tensor to be written: 32-bit floats. */
export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Writes a safetensors file of 32-bit floats, tensors in the order of their names, as the reference library does. */
export async function writeSafetensors(path: string, options: { tensors: readonly TensorToWrite[]; metadata?: Readonly<Record<string, string>> }): Promise<void> {
  const tensors = [...options.tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
  const header: Record<string, unknown> = {};
  if (options.metadata !== undefined) header.__metadata__ = options.metadata;
  let end = 0;
  for (const { name, shape, values } of tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [end, end + values.byteLength] };
    end += values.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, " ")]); // data begin at a multiple of 8
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const bytes = tensors.map(({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  await writeAtomically(path, [length, padded, ...bytes]);
}
