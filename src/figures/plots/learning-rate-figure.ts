import { Problems } from "../../base/problems";
import { axis, baseLayout } from "./base-layout";
import { drawnPoints, rounded } from "./curve-points";
import { guideLabel, verticalLine } from "./guide-lines";
import { OKABE_ITO } from "./palette";
import type { StartLike, StepLike, SuggestionLike, TrainingEventLike } from "../progress/training-event";
import type { Figure, Trace } from "../types";

const [BLUE, , , VERMILION] = OKABE_ITO;
const HIGHEST = 2; // the axis ends at this multiple of the first smoothed loss, so a diverging loss is cut off
const ROOM = 0.04; // share of the height that is free above and below the curve

/** The result of `findLearningRate`. */
export interface LearningRateTestLike {
  readonly points: readonly {
    readonly learningRate: number;
    readonly loss: number;
    readonly smoothedLoss: number;
  }[];
  readonly suggestion: SuggestionLike;
  readonly reason?: string;
}

/** Options of {@link learningRateFigure}. */
export interface LearningRateFigureOptions {
  /** @default "Learning-rate test" */
  readonly title?: string;
}

/**
 * The loss over the learning rate of a range test, as `findLearningRate` returns it: each step's loss, its moving
 * average, and a mark at the suggested rate.
 *
 * @throws TsloraError `bad-input` for a test without points
 */
export function learningRateFigure(test: LearningRateTestLike, options: LearningRateFigureOptions = {}): Figure {
  const { title = "Learning-rate test" } = options;
  const { points, suggestion } = test;
  const problems = new Problems("learningRateFigure");
  problems.expect(points.length > 0, "points must have at least one point; got none.");
  problems.throwIfAny("bad-input");
  const found = suggestion.kind === "found" ? suggestion : undefined;
  const side = found !== undefined && isRight(found.learningRate, points) ? "left" : "right";
  return {
    kind: "figure",
    data: [...lossTraces(points), ...(found === undefined ? [] : [suggestedPoint(found)])],
    layout: {
      ...baseLayout({ title, legend: true, height: 420 }),
      xaxis: axis("Learning rate", { type: "log", tickformat: ".0e", dtick: 1 }),
      yaxis: axis("Loss", { range: lossRange(points) }),
      ...(found === undefined
        ? {}
        : {
            shapes: [verticalLine(found.learningRate, { color: VERMILION, width: 1.5, dash: "dot" })],
            annotations: [
              guideLabel(`suggested ${rateText(found.learningRate)}`, {
                x: Math.log10(found.learningRate), // annotations of a logarithmic axis are placed by the exponent
                side,
                gap: 6,
              }),
            ],
          }),
    },
    text: [title, ...summary(test)].join("\n"),
  };
}

/** A range test from its events so far; undefined if the events belong to a training. */
export function learningRateTestOf(history: readonly TrainingEventLike[]): LearningRateTestLike | undefined {
  const start = history.find((event): event is StartLike => event.type === "start");
  if (start?.task !== "learning-rate-test") return undefined;
  const end = history.at(-1);
  return {
    points: history
      .filter((event): event is StepLike => event.type === "step")
      .map(({ learningRate, loss, smoothedLoss = loss }) => ({ learningRate, loss, smoothedLoss })),
    ...(end?.type === "end" && end.suggestion !== undefined
      ? { suggestion: end.suggestion, reason: end.reason }
      : { suggestion: { kind: "none" } }),
  };
}

/** The loss of each step as a thin line, and its average as a thick one. */
function lossTraces(points: LearningRateTestLike["points"]): Trace[] {
  const drawn = drawnPoints(points.length).map((at) => points[at]);
  const trace = (name: string, ys: readonly number[], look: { width: number; opacity: number }): Trace => ({
    type: "scatter",
    mode: "lines",
    name,
    x: drawn.map(({ learningRate }) => rounded(learningRate)),
    y: ys.map(rounded),
    line: { color: BLUE, width: look.width },
    opacity: look.opacity,
    hovertemplate: "rate %{x}: %{y}",
  });
  return [
    trace(
      "loss of each step",
      drawn.map(({ loss }) => loss),
      { width: 1, opacity: 0.5 },
    ),
    trace(
      "smoothed loss",
      drawn.map(({ smoothedLoss }) => smoothedLoss),
      { width: 2.5, opacity: 1 },
    ),
  ];
}

/** The mark of the suggested rate. */
function suggestedPoint({ learningRate, smoothedLoss }: { learningRate: number; smoothedLoss: number }): Trace {
  return {
    type: "scatter",
    mode: "markers",
    name: "suggested",
    x: [rounded(learningRate)],
    y: [rounded(smoothedLoss)],
    showlegend: false,
    marker: { color: VERMILION, size: 12, symbol: "diamond" },
    hovertemplate: "suggested: %{x}",
  };
}

/** The range of the losses, without the upper part of a loss that diverges. */
function lossRange(points: LearningRateTestLike["points"]): [number, number] {
  const all = points.flatMap(({ loss, smoothedLoss }) => [loss, smoothedLoss]);
  const lowest = all.reduce((least, loss) => Math.min(least, loss), Infinity);
  const highest = all.reduce((most, loss) => Math.max(most, loss), 0);
  const top = Math.max(Math.min(highest, HIGHEST * points[0].smoothedLoss), lowest);
  const room = ROOM * (top - lowest || 1);
  return [rounded(lowest - room), rounded(top + room)];
}

/** Whether a rate is in the right half of the axis. */
function isRight(rate: number, points: LearningRateTestLike["points"]): boolean {
  return rate > Math.sqrt(points[0].learningRate * points[points.length - 1].learningRate);
}

/** A learning rate in the notation of the command line, such as 1.0e-3. */
function rateText(rate: number): string {
  return rate.toExponential(1);
}

function summary({ points, suggestion, reason }: LearningRateTestLike): string[] {
  const [first, last] = [points[0], points[points.length - 1]].map(({ learningRate }) => rateText(learningRate));
  const end = reason === "diverged" ? ", where the loss diverged" : "";
  return [
    `  rates from ${first} to ${last} in ${points.length} steps${end}`,
    suggestion.kind === "found"
      ? `  suggested: ${rateText(suggestion.learningRate)}, at a smoothed loss of ${rounded(suggestion.smoothedLoss)}`
      : "  no suggestion",
  ];
}
