/** More points than this cannot be distinguished on a screen. */
const MOST_POINTS = 500;
const DIGITS = 5; // significant digits in a figure: beyond what can be read off it, and small

/**
 * The places of a curve's points that are drawn: all of few, of many every so manyth, the first and the last always.
 */
export function drawnPoints(count: number): number[] {
  const step = Math.max(1, Math.ceil(count / MOST_POINTS));
  return Array.from({ length: count }, (_, i) => i).filter((i) => i % step === 0 || i === count - 1);
}

/** A number as a figure holds it; null, which plotly leaves out, for what is none. */
export function shortNumber(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : Number(value.toPrecision(DIGITS));
}

/** Strokes by which curves differ besides their colour. */
export const DASHES = ["solid", "dash", "dashdot", "longdash", "dot"] as const;
