import { axis, baseLayout } from "./base-layout";
import { bestStepText } from "../progress/best-step";
import { rounded } from "./curve-points";
import { formatNumber } from "../format";
import { guideLabel, verticalLine } from "./guide-lines";
import { NEUTRAL, OKABE_ITO } from "./palette";
import { runningMean } from "../progress/statistics";
import type { EvaluationLike, StartLike, StepLike, TrainingEventLike } from "../progress/training-event";
import type { Figure, Trace } from "../types";

const [BLUE, ORANGE, GREEN, VERMILION] = OKABE_ITO;
const MOST_POINTS = 600; // more cannot be distinguished on a screen
const NOISY = 20; // a run of more steps is noisy: its steps are a thin line, with a running mean above

/** Options of {@link lossCurve}. */
export interface LossCurveOptions {
  /** @default "Loss while training" */
  readonly title?: string;
  /** Draws the learning rate below. @default false */
  readonly learningRate?: boolean;
}

/**
 * The loss of every step with its running mean, and below it the accuracy on the validation set. The best evaluation,
 * whose weights are kept, is marked.
 *
 * @param history - the events of `train`, or the lines of its log. Steps and evaluations are drawn; the start event
 *   gives the planned number of steps, the end event the actual one
 */
export function lossCurve(history: readonly TrainingEventLike[], options: LossCurveOptions = {}): Figure {
  const { title = "Loss while training", learningRate = false } = options;
  const steps = thin(history.filter((event): event is StepLike => event.type === "step"));
  const evaluations = history.filter((event): event is EvaluationLike => event.type === "evaluation");
  const totalSteps = stepsOf(history);
  const best = evaluations.filter((evaluation) => evaluation.best).at(-1);
  const panels = [true, evaluations.length > 0, learningRate && steps.length > 0];
  const [lossDomain, accuracyDomain, rateDomain] = stack(panels);
  const lowest = panels[2] ? "y3" : panels[1] ? "y2" : "y";

  const data = [
    ...trainingTraces(steps),
    ...(panels[1] ? validationTraces(evaluations) : []),
    ...(panels[2] ? [rateTrace(steps)] : []),
  ];
  return {
    kind: "figure",
    data,
    layout: {
      ...baseLayout({ title, legend: true, height: 420 + (panels[2] ? 140 : 0) }),
      xaxis: axis("Step", {
        anchor: lowest,
        ...(totalSteps === undefined ? { rangemode: "tozero" } : { range: [0, totalSteps * 1.02] }),
      }),
      yaxis: axis("Loss", { domain: lossDomain }),
      ...(panels[1]
        ? { yaxis2: axis("Validation accuracy", { domain: accuracyDomain, ...rangeOf(evaluations) }) }
        : {}),
      ...(panels[2]
        ? { yaxis3: axis("Learning rate", { domain: rateDomain, rangemode: "tozero", exponentformat: "e" }) }
        : {}),
      ...(best === undefined
        ? {}
        : {
            shapes: [verticalLine(best.step, { color: NEUTRAL, width: 1.5, dash: "dot", below: false })],
            annotations: [bestMark(best, totalSteps ?? steps.at(-1)?.step ?? best.step, lossDomain[1])],
          }),
    },
    text: [title, ...summary(steps, evaluations, best)].join("\n"),
  };
}

/** A line of a panel. Short runs have a marker at each step. */
function trace(steps: number, more: Trace): Trace {
  return {
    type: "scatter",
    mode: steps > NOISY ? "lines" : "lines+markers",
    hovertemplate: "step %{x}: %{y}",
    ...more,
  };
}

/** The loss of each step, and for long runs its running mean. */
function trainingTraces(steps: readonly StepLike[]): Trace[] {
  const isNoisy = steps.length > NOISY;
  const x = steps.map((step) => step.step);
  const losses = steps.map((step) => step.loss);
  const each = trace(steps.length, {
    name: "training loss, each step",
    x,
    y: losses.map(rounded),
    line: { color: BLUE, width: isNoisy ? 1 : 2 },
    opacity: isNoisy ? 0.5 : 1,
  });
  if (!isNoisy) return [each];
  const y = runningMean(losses, Math.max(2, Math.round(steps.length / 40))).map(rounded);
  return [each, trace(steps.length, { name: "running mean", x, y, line: { color: BLUE, width: 2.5 } })];
}

/** Loss and accuracy of each evaluation. */
function validationTraces(evaluations: readonly EvaluationLike[]): Trace[] {
  const marked = (name: "loss" | "accuracy", look: { color: string; symbol: string; yaxis: string }): Trace =>
    trace(0, {
      name: `validation ${name}`,
      x: evaluations.map((evaluation) => evaluation.step),
      y: evaluations.map((evaluation) => rounded(evaluation[name])),
      yaxis: look.yaxis,
      showlegend: look.yaxis === "y",
      line: { color: look.color, width: 2 },
      marker: { color: look.color, symbol: look.symbol, size: 8 },
    });
  return [
    marked("loss", { color: ORANGE, symbol: "diamond", yaxis: "y" }),
    marked("accuracy", { color: GREEN, symbol: "circle", yaxis: "y2" }),
  ];
}

/** The learning rate of each step. */
function rateTrace(steps: readonly StepLike[]): Trace {
  return trace(steps.length, {
    name: "learning rate",
    x: steps.map((step) => step.step),
    y: steps.map((step) => rounded(step.learningRate)),
    yaxis: "y3",
    showlegend: false,
    line: { color: VERMILION, width: 2 },
  });
}

/** The range 0 to 1 if all accuracies are equal, since plotly would choose a range around the single value. */
function rangeOf(evaluations: readonly EvaluationLike[]): { range?: [number, number] } {
  return new Set(evaluations.map(({ accuracy }) => accuracy)).size === 1 ? { range: [0, 1] } : {};
}

/** The last step on the axis: the number of steps done if training has ended, else the planned number. */
function stepsOf(history: readonly TrainingEventLike[]): number | undefined {
  const last = history.filter(({ type }) => type === "start" || type === "resume" || type === "end").at(-1);
  if (last?.type === "end" && last.steps > 0) return last.steps;
  return history.find((event): event is StartLike => event.type === "start")?.totalSteps;
}

/** The mark of the best evaluation, on the side of its line with more space. */
function bestMark(best: EvaluationLike, lastStep: number, top: number): Record<string, unknown> {
  const side = best.step > lastStep / 2 ? "left" : "right";
  return guideLabel(bestStepText(best), { x: best.step, y: top, side, gap: 5 });
}

/** The vertical range of each panel, from top to bottom, as shares of the height. The panel of the loss is largest. */
function stack(drawn: readonly boolean[]): [number, number][] {
  const gap = 0.06;
  const weights = drawn.map((isDrawn, i) => (isDrawn ? [3, 2, 2][i] : 0));
  const room = 1 - gap * (drawn.filter(Boolean).length - 1);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let top = 1;
  return weights.map((weight) => {
    const bottom = Math.max(0, top - (weight / total) * room);
    const domain: [number, number] = [rounded(bottom), rounded(top)];
    if (weight > 0) top = bottom - gap;
    return domain;
  });
}

/** At most {@link MOST_POINTS} points: means over equal groups of steps, at the last step of each group. */
function thin(steps: readonly StepLike[]): readonly StepLike[] {
  if (steps.length <= MOST_POINTS) return steps;
  const size = Math.ceil(steps.length / MOST_POINTS);
  return Array.from({ length: Math.ceil(steps.length / size) }, (_, i) => {
    const run = steps.slice(i * size, (i + 1) * size);
    return { ...run[run.length - 1], loss: run.reduce((sum, step) => sum + step.loss, 0) / run.length };
  });
}

function summary(
  steps: readonly StepLike[],
  evaluations: readonly EvaluationLike[],
  best: EvaluationLike | undefined,
): string[] {
  const span = (values: readonly number[]): string =>
    `${formatNumber(values[0], 3)} to ${formatNumber(values[values.length - 1], 3)}`;
  const lines: string[] = [];
  if (steps.length > 0)
    lines.push(
      `  training loss over ${formatNumber(steps[steps.length - 1].step)} steps: ${span(steps.map((step) => step.loss))}`,
    );
  if (evaluations.length > 0)
    lines.push(
      `  validation loss: ${span(evaluations.map((e) => e.loss))}, accuracy: ${span(evaluations.map((e) => e.accuracy))}`,
    );
  if (best !== undefined) lines.push(`  ${bestStepText(best)}`);
  return lines;
}
