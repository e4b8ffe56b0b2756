/** Numbers that prediction can be asked to compute with. */
export const PRECISIONS = ["float32", "bf16", "int8"] as const;

/**
 * Numbers that prediction computes with. "int8": the encoder layers' linear layers multiply 8-bit integers, on the
 * processor alone; everything else stays in 32-bit floats. "bf16" brings nothing to prediction and is not used: there
 * is a notice.
 */
export type PredictionPrecision = (typeof PRECISIONS)[number];
