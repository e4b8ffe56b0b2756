import { dirname, join } from "node:path";

import { shownPath } from "../../base/shown-path";
import type { TsloraError } from "../../base/tslora-error";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { DropoutSource } from "../../model/parts/dropout";
import type { TokenDocument } from "../../model/parts/packed-batch";
import type { TrainingDocuments } from "../step/batch-gradients";
import type { CheckpointState } from "../checkpoint/checkpoint-state";
import { Checkpoints, type SetAside } from "../checkpoint/checkpoints";
import type { Resume } from "../checkpoint/read-resume";
import type { RunIdentity } from "../checkpoint/run-identity";
import { logLineOf } from "../log/log-line";
import { TrainingMlflow } from "../log/mlflow/training-mlflow";
import { LOG_FILE, TrainingLog } from "../log/training-log";
import { lossOf } from "../loss/loss-of-options";
import { AdamW } from "../optimizer/adamw";
import { learningRateAt } from "../optimizer/learning-rate";
import { factorRange, parameterGroups } from "../optimizer/parameter-groups";
import { PendingSteps, type CheckStep, type ReadStep } from "../step/pending-steps";
import type { RunPrefix } from "../frozen-prefix/run-prefix";
import { planSteps, type StepPlan } from "./plan-steps";
import { RunEvaluation } from "../validation/run-evaluation";
import { runFailure } from "./run-failure";
import { startWarnings } from "./start-warnings";
import { TrainingStep } from "../step/step";
import { stepsOfEpoch } from "../data/steps-of-epoch";
import type { TrainEvent, TrainSummary } from "../train-event";
import type { ResolvedTrainOptions } from "../options/train-options";
import type { Examples } from "../data/training-examples";
import { TrainingGuards, type Fault } from "../step/training-guards";

/** Inputs of a run, checked and read. */
export interface RunInputs {
  readonly options: ResolvedTrainOptions;
  readonly examples: Examples;
  readonly validation: Examples | undefined;
  /** The training texts' tokens. */
  readonly documents: readonly TokenDocument[];
  /** The cached results of frozen layers, if the run uses them. */
  readonly prefix?: RunPrefix | undefined;
  /** Required if checkpoints are saved. */
  readonly identity: RunIdentity | undefined;
  readonly resume: Resume | undefined;
}

/** One run of `train`. It owns the optimizer, the best weights and the open log. */
export class TrainingRun {
  readonly #classifier: SequenceClassifier;
  readonly #inputs: RunInputs;
  readonly #options: ResolvedTrainOptions;
  readonly #data: TrainingDocuments;
  readonly #plan: StepPlan;
  readonly #optimizer: AdamW;
  readonly #rateFactors: ReturnType<typeof factorRange>;
  readonly #dropout: DropoutSource;
  readonly #guards: TrainingGuards;
  readonly #evaluation: RunEvaluation;
  readonly #trainingStep: TrainingStep;
  readonly #pending: PendingSteps;
  readonly #checkpoints: Checkpoints | undefined;
  readonly #newlyInitialized: readonly string[];
  readonly #freeFunctions: (() => void) | undefined;
  #log: TrainingLog | undefined;
  #mlflow: TrainingMlflow | undefined;
  #step: number;

  constructor(classifier: SequenceClassifier, inputs: RunInputs) {
    const { options, examples, validation, documents, resume } = inputs;
    const { ops } = classifier.model;
    const state = resume?.checkpoint.state;
    const loss = lossOf(classifier, { options, labels: examples.labels });
    this.#classifier = classifier;
    this.#inputs = inputs;
    this.#options = options;
    this.#data = { documents, lengths: documents.map(({ ids }) => ids.length), labels: examples.labels };
    this.#plan = planSteps(documents.length, options);
    const groupOf = parameterGroups(options, classifier.model.config);
    this.#optimizer = new AdamW(ops, { weightDecay: options.weightDecay, groupOf });
    this.#rateFactors = factorRange(classifier.trainableParameters(), groupOf);
    this.#dropout = new DropoutSource(options.seed, state?.dropoutDraws);
    this.#guards = new TrainingGuards({ learningRate: options.learningRate, gradNorms: state?.gradNorms });
    this.#evaluation = new RunEvaluation(classifier, {
      validation,
      loss,
      options,
      plan: this.#plan,
      resume,
      prefixCache: () => inputs.prefix?.validation,
      failure: (fault, ids) => this.#failure(fault, { ids, step: this.#step + 1 }),
    });
    const check: CheckStep = (step) => this.#throwIf(this.#guards.checkNumbers(step), step);
    this.#trainingStep = new TrainingStep(classifier, {
      optimizer: this.#optimizer,
      data: this.#data,
      loss,
      dropout: this.#dropout,
      options,
      check,
      prefixCache: () => inputs.prefix?.training,
    });
    this.#pending = new PendingSteps(ops, check);
    this.#newlyInitialized = resume === undefined ? classifier.untrainedWeights : []; // a checkpoint holds them all
    this.#checkpoints =
      options.outputDir === undefined
        ? undefined
        : new Checkpoints(classifier, { directory: options.outputDir, limit: options.saveTotalLimit });
    this.#step = state?.step ?? 0;
    this.#freeFunctions = ops.recording?.scope();
  }

  async *events(stop: AbortSignal): AsyncGenerator<TrainEvent, TrainSummary, void> {
    const { totalSteps, stepsPerEpoch } = this.#plan;
    const started = performance.now();
    // Before the first event, at which callers write their own files beside the checkpoints.
    const aside = await this.#openOutput(this.#inputs.resume?.checkpoint);
    yield* this.#emit({
      type: "start",
      totalSteps,
      stepsPerEpoch,
      epochs: totalSteps / stepsPerEpoch,
      trainExamples: this.#data.documents.length,
      validationExamples: this.#inputs.validation?.texts.length ?? 0,
      trainableParameters: this.#classifier.countParameters().trainable,
      newlyInitialized: this.#newlyInitialized,
    });
    yield* this.#begin(aside);
    const { wasInterrupted } = this.#evaluation;
    if (this.#hasStepsLeft || wasInterrupted) yield* this.#preparePrefix(stop);
    if (wasInterrupted) yield* this.#repeatEvaluation(stop);
    while (this.#goesOn(stop)) yield* this.#trainEpoch(stop);
    yield* this.#reportAll();
    return yield* this.#end((performance.now() - started) / 1000);
  }

  async dispose(): Promise<void> {
    this.#optimizer.dispose();
    this.#pending.dispose();
    this.#freeFunctions?.();
    await this.#log?.close();
    this.#log = undefined;
    await this.#mlflow?.end("FAILED"); // does nothing after the run's end
  }

  get #epoch(): number {
    return this.#step / this.#plan.stepsPerEpoch;
  }

  get #hasStepsLeft(): boolean {
    return this.#step < this.#plan.totalSteps;
  }

  /** Whether the run takes another step. */
  #goesOn(stop: AbortSignal): boolean {
    const { wasInterrupted, endsRun } = this.#evaluation;
    return this.#hasStepsLeft && !stop.aborted && !wasInterrupted && !endsRun;
  }

  /** Takes the steps that are left of the current epoch. */
  async *#trainEpoch(stop: AbortSignal): AsyncGenerator<TrainEvent, void, void> {
    const steps = stepsOfEpoch(this.#data.lengths, this.#options, Math.floor(this.#epoch));
    for (const microBatches of steps.slice(this.#step % this.#plan.stepsPerEpoch)) {
      if (!this.#goesOn(stop)) return;
      yield* this.#takeStep(microBatches);
      yield* this.#evaluateAndSave(stop);
    }
  }

  /** Restores a checkpoint if there is one, and reports the first warnings. */
  async *#begin(aside: SetAside | undefined): AsyncGenerator<TrainEvent, void, void> {
    const checkpoint = this.#inputs.resume?.checkpoint;
    if (this.#inputs.resume !== undefined) this.#restore(this.#inputs.resume);
    const warnings = startWarnings({
      classifier: this.#classifier,
      options: this.#options,
      plan: this.#plan,
      newlyInitialized: this.#newlyInitialized,
      checkpoint,
      aside,
    });
    for (const warning of warnings) yield* this.#emit({ type: "warning", step: this.#step, ...warning });
    yield* this.#mlflowNotice();
    if (checkpoint === undefined) return;
    const [{ totalSteps }, { path }] = [this.#plan, checkpoint];
    const message = `Resuming from step ${this.#step} of ${totalSteps} (${shownPath(path)}).`;
    yield* this.#emit({ type: "resume", step: this.#step, epoch: this.#epoch, totalSteps, path, message });
  }

  /** Computes the frozen layers' results that the cache lacks. */
  async *#preparePrefix(stop: AbortSignal): AsyncGenerator<TrainEvent, void, void> {
    const { prefix } = this.#inputs;
    if (prefix === undefined) return;
    for await (const event of prefix.prepare(this.#step, stop)) yield* this.#emit(event);
    yield* this.#prefixNotices();
  }

  async *#prefixNotices(): AsyncGenerator<TrainEvent, void, void> {
    for (const message of this.#inputs.prefix?.takeNotices() ?? [])
      yield* this.#emit({ type: "warning", kind: "frozen-prefix", step: this.#step, message });
  }

  /** Reports the first failure of MLflow's server. */
  async *#mlflowNotice(): AsyncGenerator<TrainEvent, void, void> {
    const message = this.#mlflow?.takeNotice();
    if (message !== undefined) yield* this.#emit({ type: "warning", kind: "mlflow", step: this.#step, message });
  }

  /** Prepares the output folder and opens the log. Returns where an earlier run's files were moved. */
  async #openOutput(checkpoint: Resume["checkpoint"] | undefined): Promise<SetAside | undefined> {
    const { outputDir, reportTo } = this.#options;
    const aside = await this.#checkpoints?.begin({ resume: checkpoint });
    if (outputDir !== undefined) {
      const resume = checkpoint && {
        step: checkpoint.state.step,
        log: join(dirname(checkpoint.path), LOG_FILE),
        evaluationDue: checkpoint.state.evaluationDue,
      };
      this.#log = await TrainingLog.open(outputDir, { tensorboard: reportTo === "tensorboard", resume });
    }
    if (reportTo === "mlflow")
      this.#mlflow = await TrainingMlflow.begin(this.#classifier, {
        options: this.#options,
        resumes: checkpoint !== undefined,
      });
    return aside;
  }

  /** Restores a checkpoint's weights and moments. */
  #restore({ checkpoint, weights, moments }: Resume): void {
    const { ops } = this.#classifier.model;
    const parameters = this.#classifier.trainableParameters();
    for (const parameter of parameters) {
      const values = weights.get(parameter.name);
      if (values !== undefined) parameter.assign(ops.float(values, parameter.shape));
    }
    const { optimizerSteps: steps } = checkpoint.state;
    this.#optimizer.restore(parameters, { steps, read: (name) => moments.get(name) });
  }

  /**
   * Repeats the evaluation during which the checkpoint's run was stopped, and saves the checkpoint again with its
   * result.
   */
  async *#repeatEvaluation(stop: AbortSignal): AsyncGenerator<TrainEvent, void, void> {
    yield* this.#evaluate(stop);
    if (!this.#evaluation.wasInterrupted) yield* this.#save();
  }

  async *#takeStep(microBatches: readonly (readonly number[])[]): AsyncGenerator<TrainEvent, void, void> {
    const { learningRate: peak, lrSchedulerType: kind, loggingSteps } = this.#options;
    const learningRate = learningRateAt(this.#step, { peak, kind, ...this.#plan });
    const step = this.#step + 1;
    const epoch = step / this.#plan.stepsPerEpoch;
    this.#pending.add(await this.#trainingStep.send({ step, epoch, learningRate, microBatches }));
    this.#step = step;
    yield* this.#prefixNotices();
    yield* this.#mlflowNotice();
    yield* this.#report({ every: loggingSteps });
  }

  /** Reports all sent steps: before each evaluation, before each checkpoint, and at the end. */
  #reportAll(): AsyncGenerator<TrainEvent, void, void> {
    return this.#report({ every: 1 });
  }

  /** Reports the sent steps if there are at least `every`. */
  async *#report(options: { every: number }): AsyncGenerator<TrainEvent, void, void> {
    for await (const done of this.#pending.read(options)) {
      const { step, epoch, loss, learningRate, gradNorm, tokens, tokensPerSecond } = done;
      const memory = process.memoryUsage.rss();
      const tensors = this.#classifier.model.ops.alive();
      this.#throwIf(this.#guards.checkMemory({ tensors, memory }), done);
      const rates = { learningRate, ...this.#ratesAt(learningRate) };
      yield* this.#emit({ type: "step", step, epoch, loss, ...rates, gradNorm, tokens, tokensPerSecond, memory });
    }
  }

  #ratesAt(learningRate: number): Pick<TrainEvent & { readonly type: "step" }, "learningRates"> {
    const factors = this.#rateFactors;
    if (factors === undefined) return {};
    return {
      learningRates: { lowest: learningRate * factors.lowest, highest: learningRate * factors.highest },
    };
  }

  /** Evaluates and saves if the plan does so at this step; saves also if the run ends here or has its best weights. */
  async *#evaluateAndSave(stop: AbortSignal): AsyncGenerator<TrainEvent, void, void> {
    const { evaluateEvery, saveEvery } = this.#plan;
    const isLast = !this.#hasStepsLeft;
    const evaluates = this.#inputs.validation !== undefined && (isLast || this.#step % evaluateEvery === 0);
    const isBest = evaluates && (yield* this.#evaluate(stop));
    const saves =
      isLast ||
      stop.aborted ||
      this.#evaluation.endsRun ||
      this.#step % saveEvery === 0 ||
      (isBest && this.#options.loadBestModelAtEnd);
    if (saves) yield* this.#save();
  }

  /** Evaluates. Returns whether this is the best evaluation so far; of equals the earlier one is. */
  async *#evaluate(stop: AbortSignal): AsyncGenerator<TrainEvent, boolean, void> {
    yield* this.#reportAll();
    const { isBest, events } = await this.#evaluation.evaluate({ step: this.#step, epoch: this.#epoch }, stop);
    for (const event of events) yield* this.#emit(event);
    return isBest;
  }

  /** Saves a checkpoint, if the run has an output folder. */
  async *#save(): AsyncGenerator<TrainEvent, void, void> {
    yield* this.#reportAll();
    if (this.#checkpoints === undefined) return;
    await this.#log?.sync();
    const { maxSteps, numTrainEpochs, evalSteps, saveSteps, perDeviceTrainBatchSize } = this.#options;
    const more = {
      max_steps: maxSteps ?? this.#plan.totalSteps,
      num_train_epochs: numTrainEpochs,
      eval_steps: evalSteps,
      save_steps: saveSteps,
      train_batch_size: perDeviceTrainBatchSize,
    };
    const path = await this.#checkpoints.save(this.#state(), { optimizer: this.#optimizer, more });
    yield* this.#emit({ type: "checkpoint", step: this.#step, path });
  }

  #state(): Omit<CheckpointState, "files"> {
    const { identity } = this.#inputs;
    if (identity === undefined) throw new TypeError("A run that saves checkpoints must have an identity.");
    const { best, ...evaluations } = this.#evaluation.state;
    return {
      step: this.#step,
      epoch: this.#epoch,
      best,
      dropoutDraws: this.#dropout.draws,
      optimizerSteps: this.#optimizer.steps,
      ...evaluations,
      gradNorms: this.#guards.gradNorms,
      identity,
    };
  }

  async *#end(elapsedSeconds: number): AsyncGenerator<TrainEvent, TrainSummary, void> {
    const { bestWeights, endsRun, wasInterrupted } = this.#evaluation;
    const early = endsRun && this.#hasStepsLeft;
    const stopped = !early && (wasInterrupted || this.#hasStepsLeft);
    if (!stopped) await this.#checkpoints?.finish();
    if (this.#options.loadBestModelAtEnd) bestWeights.restore();
    const { best } = bestWeights;
    await this.#mlflow?.end(stopped ? "KILLED" : "FINISHED", this.#classifier);
    yield* this.#mlflowNotice();
    const summary: TrainSummary = {
      type: "end",
      steps: this.#step,
      bestStep: best?.step,
      bestMetric: best?.metric,
      elapsedSeconds,
      stopped,
      reason: early ? "early-stopping" : stopped ? "stopped" : "finished",
    };
    yield* this.#emit(summary);
    return summary;
  }

  /** Yields an event, and logs it if it has a line in the log. */
  async *#emit(event: TrainEvent): AsyncGenerator<TrainEvent, void, void> {
    const line = logLineOf(event, { epoch: this.#epoch });
    if (line !== undefined) await this.#log?.write(line);
    if (line !== undefined) this.#mlflow?.write(line);
    yield event;
  }

  #throwIf(fault: Fault | undefined, { batch, step }: Pick<ReadStep, "batch" | "step">): void {
    if (fault === undefined) return;
    throw this.#failure(fault, { ids: batch.map((index) => this.#inputs.examples.ids[index]), step });
  }

  #failure(fault: Fault, at: { ids: readonly string[]; step: number }): TsloraError {
    return runFailure(fault, { ...at, checkpoint: this.#checkpoints?.last });
  }
}
