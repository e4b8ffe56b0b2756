import { Problems } from "../../base/problems";
import { DASHES, drawnPoints, shortNumber } from "./curve-points";
import { escapeLabel } from "../escape";
import { colourOf } from "./palette";
import type { Trace } from "../types";

/** A point on a curve with its label, e.g. "threshold 0.35". */
export interface ChosenPoint {
  readonly x: number;
  readonly y: number;
  readonly label: string;
}

/** A curve of two shares, x and y. */
export interface ShareCurve {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly chosen?: ChosenPoint;
}

/** @throws TsloraError `bad-input` for no curve, lists of different lengths, or shares outside 0 to 1. */
export function checkCurves(
  where: string,
  curves: readonly ShareCurve[],
  { prevalence }: { prevalence?: number } = {},
): void {
  const problems = new Problems(where);
  const isShare = (value: number): boolean => value >= 0 && value <= 1;
  problems.expect(curves.length > 0, "curves must have at least one curve; got none.");
  for (const { name, x, y, chosen } of curves) {
    problems.expect(
      x.length === y.length && x.length > 0,
      `x and y of ${name} must be equally long; got ${x.length} and ${y.length} numbers.`,
    );
    const bad = [...x, ...y].find((value) => !isShare(value));
    problems.expect(
      bad === undefined,
      `x and y of ${name} must be from 0 to 1; got ${bad}. A single label has no curve.`,
    );
    problems.expect(
      chosen === undefined || (isShare(chosen.x) && isShare(chosen.y)),
      `the chosen point of ${name} must be from 0 to 1; got ${chosen?.x} and ${chosen?.y}.`,
    );
  }
  problems.expect(
    prevalence === undefined || isShare(prevalence),
    `prevalence must be from 0 to 1; got ${prevalence}.`,
  );
  problems.throwIfAny("bad-input");
}

/** Traces: a line for each curve, with its own colour and dash, and a labelled mark for each chosen point. */
export function curveTraces(
  curves: readonly ShareCurve[],
  { shape, hover }: { shape: "linear" | "hv"; hover: string },
): Trace[] {
  return curves.flatMap(({ name, x, y, chosen }, i): Trace[] => {
    const drawn = drawnPoints(x.length);
    const line: Trace = {
      type: "scatter",
      mode: "lines",
      name: escapeLabel(name),
      x: drawn.map((at) => shortNumber(x[at])),
      y: drawn.map((at) => shortNumber(y[at])),
      line: { color: colourOf(i), width: 2.5, dash: DASHES[i % DASHES.length], shape },
      hovertemplate: hover,
    };
    if (chosen === undefined) return [line];
    const left = chosen.x > 0.5;
    const mark: Trace = {
      type: "scatter",
      mode: "markers+text",
      name: escapeLabel(chosen.label),
      x: [shortNumber(chosen.x)],
      y: [shortNumber(chosen.y)],
      text: [escapeLabel(chosen.label)],
      textposition: `${chosen.y > 0.5 ? "bottom" : "top"} ${left ? "left" : "right"}`,
      showlegend: false,
      marker: { color: colourOf(i), size: 11, symbol: "diamond" },
      hovertemplate: hover,
    };
    return [line, mark];
  });
}
