/** More points than this cannot be distinguished on a screen. */
const MOST_POINTS = 500;
const DIGITS = 5; // significant digits in a figure: more than a reader can see, and short

/** Indices of the points to draw: all points of a short curve, every n-th of a long one, and always both ends. */
export function drawnPoints(count: number): number[] {
  const step = Math.max(1, Math.ceil(count / MOST_POINTS));
  return Array.from({ length: count }, (_, i) => i).filter((i) => i % step === 0 || i === count - 1);
}

/** A number with the digits of a figure. */
export function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

/** A number with the digits of a figure; null for a missing one, which plotly leaves out. */
export function shortNumber(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : rounded(value);
}

/** Dashes that distinguish curves in addition to their colours. */
export const DASHES = ["solid", "dash", "dashdot", "longdash", "dot"] as const;
