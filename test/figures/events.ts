import type { TrainingEventLike } from "../../src/figures/progress/training-event";

/** The events of a training run whose loss falls and whose accuracy rises, evaluated every tenth step. */
export function trainingEvents(totalSteps: number): TrainingEventLike[] {
  const events: TrainingEventLike[] = [
    { type: "start", totalSteps, stepsPerEpoch: totalSteps, epochs: 1, trainExamples: 16 * totalSteps },
  ];
  for (let step = 1; step <= totalSteps; step++) {
    events.push({
      type: "step",
      step,
      epoch: step / totalSteps,
      loss: 0.7 / step,
      learningRate: 1e-3 * (1 - step / totalSteps),
      tokensPerSecond: 1234.5,
    });
    if (step % 10 === 0)
      events.push({
        type: "evaluation",
        step,
        epoch: step / totalSteps,
        loss: 0.6 / step,
        accuracy: 1 - 0.5 / step,
        best: step <= 30,
      });
    if (step % 10 === 0) events.push({ type: "checkpoint", step, path: `checkpoint-${step}` });
  }
  events.push({
    type: "end",
    steps: totalSteps,
    bestStep: Math.min(30, totalSteps),
    bestMetric: 0.98,
    elapsedSeconds: 62,
    stopped: false,
  });
  return events;
}
