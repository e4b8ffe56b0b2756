import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { drawnPoints } from "../../figures/plots/curve-points";
import type { TrainEvent, TrainSummary } from "../../training/train-event";
import type { SettingValue, TrainingFacts } from "./evidence";
import { withoutFolder } from "./without-folder";

/** Sources of {@link trainingFacts}. */
export interface TrainingSources {
  readonly summary: TrainSummary;
  /** The run's log, from `readTrainingLog`. @default none */
  readonly history?: readonly TrainEvent[];
}

/** Facts about a model and its training. */
export function trainingFacts(
  classifier: SequenceClassifier,
  { summary, history = [] }: TrainingSources,
): TrainingFacts {
  const { config } = classifier.model;
  const steps = history.flatMap((event) => (event.type === "step" ? [event] : []));
  return {
    model: {
      type: config.modelType,
      layers: config.numHiddenLayers,
      hiddenSize: config.hiddenSize,
      vocabSize: config.vocabSize,
    },
    newlyInitialized: classifier.newlyInitialized,
    trainableParameters: classifier.countParameters(),
    ...(classifier.adapter === undefined ? {} : { adapter: settingValues({ ...classifier.adapter.config }) }),
    steps: { done: summary.steps, kept: summary.bestStep ?? summary.steps },
    elapsedSeconds: summary.elapsedSeconds,
    ended: summary.reason,
    losses: drawnPoints(steps.length).map((at) => {
      const { step, epoch, loss } = steps[at];
      return { step, epoch, loss };
    }),
    evaluations: history.flatMap((event) =>
      event.type === "evaluation"
        ? [{ step: event.step, epoch: event.epoch, loss: event.loss, accuracy: event.accuracy, best: event.best }]
        : [],
    ),
  };
}

/** Settings as plain values; maps and other objects as JSON. Absolute paths lose their folders. */
export function settingValues(values: Readonly<Record<string, unknown>>): Record<string, SettingValue> {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, settingValue(value)]),
  );
}

function settingValue(value: unknown): SettingValue {
  if (typeof value === "string") return withoutFolder(value);
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map((one) => (isPlain(one) ? one : JSON.stringify(one)));
  return JSON.stringify(value);
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "boolean" || (typeof value === "number" && isFinite(value));
}
