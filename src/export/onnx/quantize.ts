/**
 * The parts of a graph that are in 8 bits: "none"; "int8", the weights and inputs of linear layers, with integer
 * products; or "int8-weights", only the weights, which become 32-bit floats when the model is opened.
 */
export type Quantization = "none" | "int8" | "int8-weights";

/** A matrix in 8 bits: the numbers are the values times the scales. */
export interface Quantized {
  readonly values: Int8Array;
  readonly scales: Float32Array;
}

/**
 * The largest 8-bit weight of a product. Processors without VNNI add two products of 8 bits in 16 bits: with 64,
 * 2 * 255 * 64 fits, so that logits are the same on every processor. onnxruntime calls it `reduce_range`.
 */
const MOST_IN_PRODUCT = 64;
const MOST_8_BIT = 127;

/** Quantizes the weight of an integer product [out, into] to [into, out], with a scale for each output. */
export function quantizeFactor(weight: Float32Array, shape: readonly number[]): Quantized {
  return quantizeLinear(weight, shape, MOST_IN_PRODUCT);
}

/** Quantizes a linear layer's weight [out, into] to [into, out], with a scale for each output, symmetric around 0. */
export function quantizeLinear(
  weight: Float32Array,
  [out, into]: readonly number[],
  most: number = MOST_8_BIT,
): Quantized {
  const values = new Int8Array(weight.length);
  const scales = new Float32Array(out);
  for (let row = 0; row < out; row++) {
    const scale = scaleOf(weight.subarray(row * into, (row + 1) * into), most);
    scales[row] = scale;
    for (let i = 0; i < into; i++) values[i * out + row] = Math.round(weight[row * into + i] / scale);
  }
  return { values, scales };
}

/** Quantizes a table [rows, width], with a scale for each row, symmetric around 0. */
export function quantizeTable(table: Float32Array, [rows, width]: readonly number[]): Quantized {
  const values = new Int8Array(table.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const scale = scaleOf(table.subarray(row * width, (row + 1) * width), MOST_8_BIT);
    scales[row] = scale;
    for (let i = row * width; i < (row + 1) * width; i++) values[i] = Math.round(table[i] / scale);
  }
  return { values, scales };
}

/** Swaps the axes of a weight [out, into]. */
export function transposed(weight: Float32Array, [out, into]: readonly number[]): Float32Array {
  const result = new Float32Array(weight.length);
  for (let row = 0; row < out; row++) for (let i = 0; i < into; i++) result[i * out + row] = weight[row * into + i];
  return result;
}

/** The 32-bit step that makes the largest number `most`; 1 if all are 0, not finite if a number is not. */
function scaleOf(numbers: Float32Array, most: number): number {
  let largest = 0;
  for (const number of numbers) largest = Math.max(largest, Math.abs(number));
  const step = Math.fround(largest / most);
  return step === 0 ? 1 : step;
}
