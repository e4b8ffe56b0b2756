import { bestStepText } from "./best-step";
import { escapeHtml } from "../escape";
import { formatNumber, formatSeconds } from "../format";
import type { EndLike, EvaluationLike, PrefixLike, StartLike, StepLike, TrainingEventLike } from "./training-event";

/** State of a training run. */
export interface ProgressState {
  readonly start?: StartLike;
  /** The step at which a resumed run starts. */
  readonly resumedAt?: number;
  /** Progress of computing the frozen layers, before the first step. */
  readonly prefix?: PrefixLike;
  readonly lastStep?: StepLike;
  readonly lastEvaluation?: EvaluationLike;
  readonly bestEvaluation?: EvaluationLike;
  /** Warnings, and the reason of an early end. */
  readonly messages?: readonly string[];
  readonly end?: EndLike;
}

/** The state after an event. */
export function progressAfter(state: ProgressState, event: TrainingEventLike): ProgressState {
  switch (event.type) {
    case "start":
      return { start: event };
    case "frozen-prefix":
      return { ...state, prefix: event };
    case "step":
      return { ...state, lastStep: event };
    case "evaluation":
      return { ...state, lastEvaluation: event, ...(event.best ? { bestEvaluation: event } : {}) };
    case "checkpoint":
      return state;
    case "resume":
      return {
        ...state,
        resumedAt: event.step,
        ...(event.message === undefined ? {} : { messages: [...(state.messages ?? []), event.message] }),
      };
    case "warning":
      return { ...state, messages: [...(state.messages ?? []), `Warning: ${event.message}`] };
    case "early-stopping":
      return { ...state, messages: [...(state.messages ?? []), event.message] };
    case "end":
      return {
        ...state,
        end: event,
        ...(event.message === undefined ? {} : { messages: [...(state.messages ?? []), event.message] }),
      };
  }
}

/** The progress of a run, from 0 to 1. */
export function progressShare({ start, resumedAt, lastStep, end }: ProgressState): number {
  if (end !== undefined && !end.stopped) return 1;
  return start === undefined || start.totalSteps === 0
    ? 0
    : Math.min(1, (lastStep?.step ?? resumedAt ?? 0) / start.totalSteps);
}

/** The state in words: steps and time, then loss and learning rate, then the last evaluation. */
export function progressWords(
  state: ProgressState,
  elapsedSeconds: number,
): { where: string; how: string; evaluation: string } {
  const { start, resumedAt = 0, prefix, lastStep, lastEvaluation, bestEvaluation, end } = state;
  const step = end?.steps ?? lastStep?.step ?? resumedAt;
  const share = progressShare(state);
  const steps = `step ${formatNumber(step)} of ${formatNumber(start?.totalSteps ?? step)}`;
  const remaining =
    step > resumedAt && start !== undefined ? (elapsedSeconds / (step - resumedAt)) * (start.totalSteps - step) : NaN;
  const task = start?.task === "learning-rate-test" ? "Learning-rate test" : "Training";
  const where =
    end === undefined
      ? [
          `${task}: ${steps}`,
          ...(lastStep === undefined ? prefixWords(prefix) : [`epoch ${lastStep.epoch.toFixed(2)}`]),
          `${formatSeconds(elapsedSeconds)} elapsed`,
          ...(share > 0 && step > resumedAt ? [`${formatSeconds(remaining)} remaining`] : []),
        ]
      : [`${task} ${endWords(end)}: ${steps}`, formatSeconds(end.elapsedSeconds)];
  const how =
    lastStep === undefined
      ? []
      : [
          `loss ${formatNumber(lastStep.loss, 3)}`,
          `learning rate ${formatNumber(lastStep.learningRate)}`,
          `${formatNumber(Math.round(lastStep.tokensPerSecond))} tokens/s`,
        ];
  const evaluation =
    lastEvaluation === undefined
      ? []
      : [
          `validation at step ${formatNumber(lastEvaluation.step)}: loss ${formatNumber(lastEvaluation.loss, 3)}, accuracy ${formatNumber(lastEvaluation.accuracy, 3)}`,
          ...(bestEvaluation === undefined ? [] : [bestStepText(bestEvaluation)]),
        ];
  return { where: where.join(" · "), how: how.join(" · "), evaluation: evaluation.join(" · ") };
}

/** Describes the work before the first step. */
function prefixWords(prefix: PrefixLike | undefined): string[] {
  if (prefix === undefined || prefix.done === prefix.total) return [];
  return [`frozen layers: ${formatNumber(prefix.done)} of ${formatNumber(prefix.total)} texts`];
}

/** Describes the end of a run. */
function endWords({ stopped, reason }: EndLike): string {
  if (stopped) return "stopped";
  if (reason === "early-stopping") return "ended early";
  return reason === "diverged" ? "ended, since the loss diverged" : "finished";
}

/** The state as HTML: a bar and the words below it; without the bar when the run is over. */
export function progressHtml(state: ProgressState, elapsedSeconds: number): string {
  const { where, how, evaluation } = progressWords(state, elapsedSeconds);
  const words = [where, how, escapeHtml(evaluation), ...(state.messages ?? []).map(escapeHtml)].filter(
    (line) => line !== "",
  ); // `where` and `how` consist of numbers and fixed words, which need no escaping
  return progressBlock(words, state.end === undefined ? progressShare(state) : undefined);
}

/**
 * A bar with lines of HTML below it.
 *
 * @param share - from 0 to 1; undefined for no bar
 */
export function progressBlock(lines: readonly string[], share: number | undefined): string {
  const bar =
    share === undefined
      ? []
      : [`<progress max="1" value="${share.toFixed(4)}" style="display:block;width:100%;max-width:700px"></progress>`];
  return `<div class="tslora-progress" style="font-variant-numeric:tabular-nums">\n${[...bar, lines.join("<br>\n")].join("\n")}\n</div>`;
}

/** The state as text: progress, loss, the last evaluation and messages. */
export function progressText(state: ProgressState, elapsedSeconds: number): string {
  const { where, how, evaluation } = progressWords(state, elapsedSeconds);
  const first = [where, how].filter((part) => part !== "").join(" · ");
  return [first, evaluation, ...(state.messages ?? [])].filter((line) => line !== "").join("\n");
}
