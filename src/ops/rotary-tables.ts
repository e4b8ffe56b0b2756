/** Cosine and sine of the angles of rotary position embedding: [positions, headDim / 2] each. */
export interface RotaryTables {
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

/**
 * The angles of rotary position embedding, position / theta^(2 i / headDim). Frequencies and angles are rounded to
 * 32-bit floats, as transformers computes them: at position 8,000 an angle's rounding is larger than the logits'
 * tolerance.
 */
export function rotaryTables(options: { positions: number; headDim: number; theta: number }): RotaryTables {
  const { positions, headDim, theta } = options;
  const half = headDim / 2;
  const frequencies = Float32Array.from({ length: half }, (_, i) =>
    Math.fround(1 / Math.fround(Math.pow(theta, Math.fround((2 * i) / headDim)))),
  );
  const angle = (at: number): number => Math.fround(Math.floor(at / half) * frequencies[at % half]);
  return {
    cos: Float32Array.from({ length: positions * half }, (_, at) => Math.cos(angle(at))),
    sin: Float32Array.from({ length: positions * half }, (_, at) => Math.sin(angle(at))),
  };
}
