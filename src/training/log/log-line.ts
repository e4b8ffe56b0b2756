import type { TrainEvent } from "../train-event";
import type { LogLine } from "./training-log";

/**
 * The log's line for an event; undefined for events that are not logged.
 *
 * @param epoch - epochs done at the time of the event, as a fraction
 */
export function logLineOf(event: TrainEvent, { epoch }: { epoch: number }): LogLine | undefined {
  switch (event.type) {
    case "step":
      return {
        step: event.step,
        epoch: event.epoch,
        loss: event.loss,
        grad_norm: event.gradNorm,
        learning_rate: event.learningRate,
        ...(event.learningRates !== undefined && {
          lowest_learning_rate: event.learningRates.lowest,
          highest_learning_rate: event.learningRates.highest,
        }),
        tokens: event.tokens,
        tokens_per_second: event.tokensPerSecond,
        memory: event.memory,
      };
    case "evaluation":
      return {
        step: event.step,
        epoch: event.epoch,
        ...Object.fromEntries(Object.entries(event.metrics).map(([name, value]) => [`eval_${name}`, value])),
        ...(event.metricForBestModel !== undefined && { metric_for_best_model: event.metricForBestModel }),
        best: event.best,
      };
    case "warning":
      return { step: event.step, epoch, warning: event.message };
    default:
      return undefined;
  }
}
