import type { BaselineOptions } from "../evaluation/baseline/baseline-terms";
import type { LoraConfig } from "../lora/lora-config";
import type { TrainOptions } from "../training/options/train-options";

/** Options of `train` that a method may set. The run sets data and seed. */
export type MethodTraining = Omit<
  TrainOptions,
  "train" | "validation" | "seed" | "outputDir" | "resumeFrom" | "reportTo" | "signal" | "saveSteps" | "saveTotalLimit"
>;

/** A method of classification that an experiment can compare with others. */
export type Method =
  /** The most frequent label of the training texts, with their shares as probabilities. */
  | { readonly kind: "majority-class"; readonly name: string }
  /** TF-IDF with logistic regression. */
  | { readonly kind: "baseline"; readonly name: string; readonly options?: Omit<BaselineOptions, "labels"> }
  /** The model with a new head, before training. */
  | { readonly kind: "untrained"; readonly name: string }
  /** A new head on the frozen encoder, whose results are computed once for each text. */
  | { readonly kind: "head"; readonly name: string; readonly training?: MethodTraining }
  /** A LoRA adapter and a new head. */
  | { readonly kind: "lora"; readonly name: string; readonly adapter?: LoraConfig; readonly training?: MethodTraining }
  /** All weights. */
  | { readonly kind: "full"; readonly name: string; readonly training?: MethodTraining };

/** Whether results depend on the seed. */
export function dependsOnSeed({ kind }: Method): boolean {
  return kind !== "majority-class" && kind !== "baseline";
}

/** A head needs more epochs than an adapter, but each takes only milliseconds. */
const HEAD = { numTrainEpochs: 20, frozenPrefixDropout: false } as const;

/** Options of {@link studyMethods}. */
export interface StudyMethodOptions {
  /** Epochs. The head alone has 20 instead, and the original study's settings have one. @default 3 */
  readonly epochs?: number;
  /** Number of labels; log-count ratios are for two. @default 2 */
  readonly labels?: number;
  /** Optimizer steps instead of epochs, with one evaluation, for a quick test. @default all steps of the epochs */
  readonly maxSteps?: number;
}

/**
 * The methods that answer the study's question: the majority class, the model before training, TF-IDF, the same on
 * naive Bayes' log-count ratios, the head alone, LoRA on attention only and on all linear layers, full fine-tuning, and
 * the original study's settings.
 */
export function studyMethods({ epochs = 3, labels = 2, maxSteps }: StudyMethodOptions = {}): Method[] {
  const few = maxSteps === undefined ? {} : { maxSteps, evalSteps: maxSteps };
  const training = { numTrainEpochs: epochs, ...few };
  const published = { numTrainEpochs: 1, learningRate: 2e-5, warmupRatio: 0, weightDecay: 0.01, maxGradNorm: 1 };
  return [
    { kind: "majority-class", name: "Majority class" },
    { kind: "untrained", name: "Before training" },
    { kind: "baseline", name: "TF-IDF, logistic regression" },
    ...(labels === 2
      ? [{ kind: "baseline", name: "TF-IDF, log-count ratios", options: { logCountRatios: true } } as const]
      : []),
    { kind: "head", name: "Frozen encoder, trained head", training: { ...training, ...HEAD } },
    { kind: "lora", name: "LoRA", adapter: { r: 8, loraAlpha: 16, loraDropout: 0.1 }, training },
    {
      kind: "lora",
      name: "LoRA, all linear layers",
      adapter: { r: 8, loraAlpha: 16, loraDropout: 0.1, targetModules: "all-linear" },
      training,
    },
    { kind: "full", name: "Full fine-tuning", training },
    { kind: "full", name: "The original study's settings", training: { ...published, ...few } },
  ];
}
