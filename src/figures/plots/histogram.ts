import { median } from "../../base/median";
import { Problems } from "../../base/problems";
import { axis, baseLayout } from "./base-layout";
import { escapeLabel } from "../escape";
import { formatNumber } from "../format";
import { guideLabel, verticalLine } from "./guide-lines";
import { colourOf, NEUTRAL, seeThrough } from "./palette";
import { niceBins, rangeOf } from "../progress/statistics";
import type { Figure } from "../types";

/** Options of {@link histogram}. */
export interface HistogramOptions {
  readonly title: string;
  /** Name of the values, with their unit. */
  readonly xLabel: string;
  /** Name of the counts. @default "Count" */
  readonly yLabel?: string;
  /**
   * The group of each value, e.g. its label, in order of first appearance. Two groups overlap; three or
   * more are stacked, since their mixed colours could not be distinguished.
   */
  readonly by?: readonly (string | number)[];
  /** Approximate number of bins; the edges are round numbers. @default 30 */
  readonly bins?: number;
  /** Values to mark with a dashed line, e.g. the longest sequence that a model accepts. */
  readonly marks?: readonly { readonly value: number; readonly label: string }[];
}

/**
 * A histogram of values in equal bins; with `by`, one for each group, with the same bins.
 *
 * @param values - finite numbers, at least one
 * @throws TsloraError `bad-input` for no value, a value that is not finite, or a `by` of another length
 */
export function histogram(values: readonly number[], options: HistogramOptions): Figure {
  const { title, xLabel, yLabel = "Count", by, bins = 30, marks = [] } = options;
  checkValues(values, { by, bins });
  const groups = groupsOf(values, by);
  const { low, high } = rangeOf(values);
  const { start, width, count } = niceBins(values, bins);
  const centres = Array.from({ length: count }, (_, i) => start + (i + 0.5) * width);
  const ranges = centres.map((centre) => `${formatNumber(centre - width / 2)} to ${formatNumber(centre + width / 2)}`);
  const names = [...groups].map(
    ([name, group]) =>
      `${name === "" ? "" : `${name}: `}${formatNumber(group.length)}, median ${formatNumber(median(group))}`,
  );
  return {
    kind: "figure",
    data: [...groups].map(([name, group], i) => {
      const counts = new Array<number>(count).fill(0);
      for (const value of group) counts[Math.min(count - 1, Math.floor((value - start) / width))]++;
      return {
        type: "bar",
        name: escapeLabel(names[i]),
        x: centres,
        y: counts,
        width,
        customdata: ranges,
        // Two groups are translucent; the edges keep the colour, on a dark page too.
        marker:
          groups.size === 2
            ? { color: seeThrough(colourOf(i), 0.6), line: { width: 1, color: colourOf(i) } }
            : { color: colourOf(i), line: { width: 0 } },
        hovertemplate: `%{customdata}: %{y}<extra>${escapeLabel(name)}</extra>`,
      };
    }),
    layout: {
      ...baseLayout({ title, legend: groups.size > 1 }),
      barmode: groups.size > 2 ? "stack" : "overlay",
      bargap: 0,
      xaxis: axis(xLabel, {
        showgrid: false,
        range: [start, Math.max(start + count * width, ...marks.map((mark) => mark.value + width))],
      }),
      yaxis: axis(yLabel, { rangemode: "tozero" }),
      shapes: marks.map(({ value }) => verticalLine(value, { color: NEUTRAL, width: 1.5, dash: "dash", below: false })),
      annotations: marks.map(({ value, label }) => guideLabel(label, { x: value, side: "left", gap: 4 })),
    },
    text: [
      title,
      ...names.map((name) => `  ${name}`),
      `  ${xLabel}: ${formatNumber(low)} to ${formatNumber(high)}`,
    ].join("\n"),
  };
}

/** Refuses invalid values, groups and bins. */
function checkValues(values: readonly number[], { by, bins }: { by: HistogramOptions["by"]; bins: number }): void {
  const problems = new Problems("histogram");
  problems.expect(values.length > 0, "values must have at least one number; got none.");
  const bad = values.findIndex((value) => !Number.isFinite(value));
  problems.expect(bad < 0, `values must be finite; got ${values[bad]} at index ${bad}.`);
  problems.expect(
    by === undefined || by.length === values.length,
    `by must have a group for each of the ${values.length} values; got ${by?.length}.`,
  );
  problems.expect(
    Number.isInteger(bins) && bins >= 1 && bins <= 500,
    `bins must be a whole number from 1 to 500; got ${bins}.`,
  );
  problems.throwIfAny("bad-input");
}

/** The values of each group, in order of first appearance; one group named "" without `by`. */
function groupsOf(values: readonly number[], by: HistogramOptions["by"]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  values.forEach((value, i) => {
    const name = by === undefined ? "" : String(by[i]);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [value]);
    else group.push(value);
  });
  return groups;
}
