import type { PrefixSource } from "../../classifier/predict-options";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { BestWeights } from "../checkpoint/best-weights";
import type { Resume } from "../checkpoint/read-resume";
import { EarlyStopping } from "./early-stopping";
import type { ClassificationLoss } from "../loss/classification-loss";
import type { StepPlan } from "../run/plan-steps";
import type { TrainEvent } from "../train-event";
import type { ResolvedTrainOptions } from "../options/train-options";
import type { Examples } from "../data/training-examples";
import type { Fault } from "../step/training-guards";
import { validationMetrics, type ValidationResult } from "./validation-metrics";

/** Consecutive evaluations that predict a single class before the run warns. A new head may do so at first. */
const COLLAPSED_AFTER = 2;

/** Inputs of a run's evaluations. */
export interface RunEvaluationOptions {
  readonly validation: Examples | undefined;
  readonly loss: ClassificationLoss;
  readonly options: ResolvedTrainOptions;
  readonly plan: StepPlan;
  readonly resume: Resume | undefined;
  /** Results of the frozen layers, if they are cached; read at each evaluation. */
  readonly prefixCache: () => PrefixSource | undefined;
  /** Makes the error that ends the run, with the ids of the texts at fault. */
  readonly failure: (fault: Fault, ids: readonly string[]) => Error;
}

/** Results of one evaluation. */
export interface EvaluationOutcome {
  /** Whether this is the best evaluation so far; of equals the earlier one is. */
  readonly isBest: boolean;
  readonly events: readonly TrainEvent[];
}

/** Evaluates a run, and keeps the state that one evaluation passes to the next. */
export class RunEvaluation {
  readonly bestWeights: BestWeights;
  readonly #classifier: SequenceClassifier;
  readonly #inputs: RunEvaluationOptions;
  readonly #patience: EarlyStopping;
  #oneClassEvaluations: number;
  #wasInterrupted: boolean;

  constructor(classifier: SequenceClassifier, inputs: RunEvaluationOptions) {
    const { options, resume } = inputs;
    const state = resume?.checkpoint.state;
    this.#classifier = classifier;
    this.#inputs = inputs;
    this.bestWeights = new BestWeights(classifier, {
      metric: options.metricForBestModel,
      greaterIsBetter: options.greaterIsBetter,
      keep: options.loadBestModelAtEnd,
    });
    if (resume !== undefined) this.bestWeights.remember(resume.checkpoint.state.best, resume.bestWeights);
    this.#patience = new EarlyStopping({
      patience: options.earlyStoppingPatience,
      threshold: options.earlyStoppingThreshold,
      count: state?.earlyStoppingCount,
    });
    this.#oneClassEvaluations = state?.oneClassEvaluations ?? 0;
    this.#wasInterrupted = state?.evaluationDue ?? false;
  }

  /** Whether the run was stopped during its last evaluation. The run that resumes from here repeats it. */
  get wasInterrupted(): boolean {
    return this.#wasInterrupted;
  }

  /** Whether the run ends because too many consecutive evaluations did not improve the metric. */
  get endsRun(): boolean {
    return this.#patience.isExhausted;
  }

  /** The part of a checkpoint's state that evaluations change. */
  get state(): {
    readonly best: BestWeights["best"];
    readonly earlyStoppingCount: number;
    readonly oneClassEvaluations: number;
    readonly evaluationDue: boolean;
  } {
    return {
      best: this.bestWeights.best,
      earlyStoppingCount: this.#patience.count,
      oneClassEvaluations: this.#oneClassEvaluations,
      evaluationDue: this.#wasInterrupted,
    };
  }

  /** Evaluates on the validation examples. If it is stopped, it has no result: see {@link wasInterrupted}. */
  async evaluate(at: { step: number; epoch: number }, stop: AbortSignal): Promise<EvaluationOutcome> {
    const result = await this.#validate(stop);
    this.#wasInterrupted = result === undefined;
    if (result === undefined) return { isBest: false, events: [] };
    const { metrics, onlyClass } = result;
    const { metricForBestModel, greaterIsBetter } = this.#inputs.options;
    this.#patience.take(metrics[metricForBestModel] ?? NaN, { best: this.bestWeights.best?.metric, greaterIsBetter });
    const isBest = await this.bestWeights.offer(at.step, metrics);
    const { loss, accuracy } = metrics;
    const events: (TrainEvent | undefined)[] = [
      { type: "evaluation", ...at, loss, accuracy, metrics, metricForBestModel, best: isBest },
      this.#collapse(at.step, onlyClass),
      this.#earlyStop(at.step),
    ];
    return { isBest, events: events.filter((event) => event !== undefined) };
  }

  async #validate(stop: AbortSignal): Promise<ValidationResult | undefined> {
    const { validation, loss, options, failure, prefixCache } = this.#inputs;
    if (validation === undefined) return undefined;
    let logits: Float32Array;
    try {
      logits = await this.#classifier.predictLogits(validation.texts, { signal: stop, prefixCache: prefixCache() });
    } catch (error) {
      if (stop.aborted) return undefined;
      throw error;
    }
    const classes = this.#classifier.labels.length;
    const bad = logits.findIndex((logit) => !Number.isFinite(logit));
    if (bad < 0) return validationMetrics(logits, { classes, labels: validation.labels, loss });
    throw failure(
      {
        kind: "diverged",
        what: `the model gives ${logits[bad]} for a validation text. The run has diverged`,
        tryThis: `choose a learningRate below ${options.learningRate}`,
      },
      [validation.ids[Math.floor(bad / classes)]],
    );
  }

  /** Warns once if the model predicts a single class in several consecutive evaluations. */
  #collapse(step: number, onlyClass: number | undefined): TrainEvent | undefined {
    const { plan, options } = this.#inputs;
    this.#oneClassEvaluations = onlyClass === undefined || step < plan.warmupSteps ? 0 : this.#oneClassEvaluations + 1;
    if (onlyClass === undefined || this.#oneClassEvaluations !== COLLAPSED_AFTER) return undefined;
    const name = this.#classifier.labels[onlyClass];
    const orWeights =
      options.classWeights === undefined
        ? `, or classWeights: "balanced" where that class is by far the most frequent`
        : "";
    return {
      type: "warning",
      kind: "one-class",
      step,
      message:
        `Every validation text is predicted to be ${name}, at the second evaluation in a row: the model has ` +
        "collapsed to one class, and seldom recovers. The most frequent cause is too high a " +
        `learning rate, ${options.learningRate} here; try a third of it${orWeights}.`,
    };
  }

  #earlyStop(step: number): TrainEvent | undefined {
    const { plan, options } = this.#inputs;
    if (!this.#patience.isExhausted || step === plan.totalSteps) return undefined;
    const metric = options.metricForBestModel;
    const evaluations = this.#patience.count;
    const inARow = `${evaluations} evaluation${evaluations === 1 ? "" : "s"} in a row`;
    const message = `${metric} did not improve in ${inARow}: the run ends at step ${step} of ${plan.totalSteps}.`;
    return { type: "early-stopping", step, metric, evaluations, message };
  }
}
