/** Formats a number for display: with the given digits and grouped thousands; a dash if there is none. */
export function formatNumber(value: number | null | undefined, digits?: number): string {
  if (value === undefined || value === null || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const text =
    digits === undefined
      ? plain(Math.abs(value))
      : Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

/** Formats a change: as {@link formatNumber}, with a plus for an increase. */
export function formatChange(value: number | null | undefined, digits: number): string {
  const text = formatNumber(value, digits);
  return typeof value === "number" && value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** Formats a duration: `3.2 s`, `4 min 05 s`, `1 h 02 min`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** Formats a p-value: three digits, or `< 0.001`. */
export function formatPValue(p: number): string {
  return p < 0.001 ? "< 0.001" : formatNumber(p, 3);
}

/** A share in percent: `69.3%`. */
export function formatShare(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)}%` : "–";
}

/** A confidence interval, as `evaluation` gives it. */
export interface IntervalLike {
  readonly low: number;
  readonly high: number;
}

/** An interval: `[0.496, 0.632]`. */
export function formatInterval({ low, high }: IntervalLike, digits: number): string {
  return `[${formatNumber(low, digits)}, ${formatNumber(high, digits)}]`;
}

/** Formats whole numbers in full, others to four significant digits, very small ones with an exponent. */
function plain(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  if (value < 1e-3) return value.toExponential(2).replace(/\.?0+e/, "e");
  return value.toLocaleString("en-US", { maximumSignificantDigits: 4 });
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}
