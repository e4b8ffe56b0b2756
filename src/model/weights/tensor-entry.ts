/** Bytes of one element of each type. */
export const ELEMENT_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I64: 8,
  U64: 8,
  I32: 4,
  U32: 4,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

/** Limit of a tensor's dimensions: no weight has more than four. */
export const MAX_RANK = 16;

/** The element types whose size is known, under safetensors' names. */
export type TensorDtype = keyof typeof ELEMENT_BYTES;

/** A tensor of a file: its name, type and shape. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
}
