import { holds, type Measure } from "./parity-line";

/**
 * A row for each model type and a column for each line that measures it: what differs most, as a share of its bound.
 */
export function architectureTable(
  outcomes: readonly { readonly name: string; readonly measures: readonly Measure[] }[],
): string[][] {
  const lines = outcomes.filter(({ measures }) => measures.some(({ type }) => type !== undefined));
  const types = [...new Set(lines.flatMap(({ measures }) => measures.flatMap(({ type }) => type ?? [])))];
  return [
    ["model_type", ...lines.map(({ name }) => name)],
    ...types.map((type) => [
      type,
      ...lines.map(({ measures }) => cell(measures.filter((measure) => measure.type === type))),
    ]),
  ];
}

/** The measure nearest to its bound: `2.5e-6 of 1.0e-5`, or how many of the cases that must be identical are not. */
function cell(measures: readonly Measure[]): string {
  if (measures.length === 0) return "-";
  const share = ({ largest, bound }: Measure): number => (bound === 0 ? (largest > 0 ? Infinity : 0) : largest / bound);
  const worst = measures.reduce((a, b) => (share(b) > share(a) || Number.isNaN(share(b)) ? b : a));
  const text =
    worst.bound === 0
      ? `${worst.largest} of ${worst.cases} differ`
      : `${worst.largest.toExponential(1)} of ${worst.bound.toExponential(0)}`;
  return holds(worst) ? text : `FAILS: ${text}`;
}
