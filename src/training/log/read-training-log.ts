import { join } from "node:path";

import { expandHome } from "../../base/files/expand-home";
import { TsloraError } from "../../base/tslora-error";
import type { TrainEvent } from "../train-event";
import { METRIC_NAMES } from "../options/train-options";
import { LOG_FILE, readLog } from "./training-log";

/**
 * Reads a run's steps, evaluations and warnings from its log, as `train` reported them. `lossCurve` draws them. A run
 * may have been stopped and resumed.
 *
 * @param outputDir - the run's output folder
 * @throws TsloraError `not-found` if there is no log, or it is empty.
 */
export async function readTrainingLog(outputDir: string): Promise<TrainEvent[]> {
  const lines = await readLog(join(expandHome(outputDir), LOG_FILE));
  if (lines.length === 0)
    throw new TsloraError(
      "not-found",
      `${join(outputDir, LOG_FILE)} does not hold a training log. outputDir must be the output folder of a run.`,
    );
  return lines.map((line): TrainEvent => {
    const number = (name: string): number => (typeof line[name] === "number" ? line[name] : NaN);
    const { step } = line;
    const epoch = number("epoch");
    if (typeof line.warning === "string") return { type: "warning", kind: "logged", step, message: line.warning };
    if ("eval_loss" in line) {
      const metrics = Object.fromEntries(
        Object.entries(line).flatMap(([name, value]) =>
          name.startsWith("eval_") && typeof value === "number" ? [[name.slice("eval_".length), value]] : [],
        ),
      );
      const metricForBestModel = METRIC_NAMES.find((name) => name === line.metric_for_best_model);
      return {
        type: "evaluation",
        step,
        epoch,
        loss: number("eval_loss"),
        accuracy: number("eval_accuracy"),
        metrics,
        ...(metricForBestModel !== undefined && { metricForBestModel }),
        best: line.best === true,
      };
    }
    return {
      type: "step",
      step,
      epoch,
      loss: number("loss"),
      learningRate: number("learning_rate"),
      ...("lowest_learning_rate" in line && {
        learningRates: { lowest: number("lowest_learning_rate"), highest: number("highest_learning_rate") },
      }),
      gradNorm: number("grad_norm"),
      tokens: number("tokens"),
      tokensPerSecond: number("tokens_per_second"),
      memory: number("memory"),
    };
  });
}
