import { basename, dirname, join } from "node:path";

import { shownPath } from "../base/shown-path";
import { TsloraError } from "../base/tslora-error";
import type { SequenceClassifier } from "../classifier/sequence-classifier";
import { DropoutSource } from "../model/parts/dropout";
import { Gradients } from "../model/parts/gradients";
import { AdamW } from "./optimizer/adamw";
import { batchGradients, batchGradientsUnread, type BatchOptions, type TrainingDocuments } from "./batch-gradients";
import { stepsOfEpoch } from "./steps-of-epoch";
import { BestWeights } from "./checkpoint/best-weights";
import type { CheckpointState } from "./checkpoint/checkpoint-state";
import { Checkpoints, EARLIER_KEPT } from "./checkpoint/checkpoints";
import { balancedClassWeights } from "./loss/class-weights";
import type { ClassificationLoss } from "./loss/classification-loss";
import { EarlyStopping } from "./early-stopping";
import { clippingOnDevice, clipScale, gradientNorm } from "./optimizer/gradient-norm";
import { learningRateAt } from "./optimizer/learning-rate";
import { planSteps, type StepPlan } from "./plan-steps";
import type { Resume } from "./checkpoint/read-resume";
import type { RunIdentity } from "./checkpoint/run-identity";
import type { TrainEvent, TrainSummary, WarningEvent } from "./train-event";
import type { ResolvedTrainOptions } from "./train-options";
import type { Examples } from "./training-examples";
import { PendingSteps, type ReadStep } from "./pending-steps";
import { TrainingGuards, type Fault } from "./training-guards";
import { newlyInitializedMessage } from "./newly-initialized-message";
import { LOG_FILE, TrainingLog } from "./log/training-log";
import { validationMetrics, type ValidationResult } from "./validation-metrics";

const IDS_SHOWN = 20;

/** One run of `train`: owner of the optimizer, of the best weights and of the open log. */
export class TrainingRun {
  readonly #classifier: SequenceClassifier;
  readonly #options: ResolvedTrainOptions;
  readonly #examples: Examples;
  readonly #validation: Examples | undefined;
  readonly #identity: RunIdentity | undefined;
  readonly #resume: Resume | undefined;
  readonly #data: TrainingDocuments;
  readonly #plan: StepPlan;
  readonly #loss: ClassificationLoss;
  readonly #optimizer: AdamW;
  readonly #dropout: DropoutSource;
  readonly #best: BestWeights;
  readonly #patience: EarlyStopping;
  readonly #guards: TrainingGuards;
  readonly #unread: PendingSteps;
  readonly #checkpoints: Checkpoints | undefined;
  readonly #newlyInitialized: readonly string[];
  #log: TrainingLog | undefined;
  #step = 0;
  #oneClassEvaluations = 0;
  #evaluationDue = false;

  constructor(
    classifier: SequenceClassifier,
    from: {
      options: ResolvedTrainOptions;
      examples: Examples;
      validation: Examples | undefined;
      documents: readonly Int32Array[];
      identity: RunIdentity | undefined;
      resume: Resume | undefined;
    },
  ) {
    const { options, examples, resume, documents } = from;
    const { problemType, labels: names, model } = classifier;
    const {
      classWeights,
      labelSmoothing,
      focalGamma,
      metricForBestModel: metric,
      greaterIsBetter,
      loadBestModelAtEnd: keep,
      outputDir,
    } = options;
    const state = resume?.checkpoint.state;
    this.#classifier = classifier;
    this.#options = options;
    this.#examples = examples;
    this.#validation = from.validation;
    this.#identity = from.identity;
    this.#resume = resume;
    this.#data = { documents, lengths: documents.map(({ length }) => length), labels: examples.labels };
    this.#plan = planSteps(documents.length, options);
    this.#loss = {
      problemType,
      labelSmoothing,
      focalGamma,
      classWeights:
        classWeights === "balanced" ? balancedClassWeights(examples.labels, { problemType, names }) : classWeights,
    };
    this.#optimizer = new AdamW(model.ops, options);
    this.#dropout = new DropoutSource(options.seed, state?.dropoutDraws);
    this.#best = new BestWeights(classifier, { metric, greaterIsBetter, keep });
    this.#patience = new EarlyStopping({
      patience: options.earlyStoppingPatience,
      threshold: options.earlyStoppingThreshold,
      count: state?.earlyStoppingCount,
    });
    this.#guards = new TrainingGuards({ learningRate: options.learningRate, gradNorms: state?.gradNorms });
    this.#unread = new PendingSteps(model.ops);
    this.#newlyInitialized = resume === undefined ? classifier.untrainedWeights : []; // a checkpoint brings them all
    this.#checkpoints =
      outputDir === undefined
        ? undefined
        : new Checkpoints(classifier, { directory: outputDir, limit: options.saveTotalLimit });
  }

  async *events(stop: AbortSignal): AsyncGenerator<TrainEvent, TrainSummary, void> {
    const { totalSteps, stepsPerEpoch, evaluateEvery, saveEvery } = this.#plan;
    const started = performance.now();
    yield {
      type: "start",
      totalSteps,
      stepsPerEpoch,
      epochs: totalSteps / stepsPerEpoch,
      trainExamples: this.#data.documents.length,
      validationExamples: this.#validation?.texts.length ?? 0,
      trainableParameters: this.#classifier.countParameters().trainable,
      newlyInitialized: this.#newlyInitialized,
    };
    yield* this.#begin();
    if (this.#evaluationDue) yield* this.#catchUp(stop);
    let steps = this.#stepsOfEpoch();
    while (this.#step < totalSteps && !stop.aborted && !this.#evaluationDue && !this.#patience.due) {
      const inEpoch = this.#step % stepsPerEpoch;
      if (inEpoch === 0) steps = this.#stepsOfEpoch();
      yield* this.#takeStep(steps[inEpoch]);
      const last = this.#step === totalSteps;
      const evaluates = this.#validation !== undefined && (last || this.#step % evaluateEvery === 0);
      if (evaluates || last) yield* this.#readSteps();
      let best = false;
      if (evaluates) best = yield* this.#evaluate(stop);
      const save =
        last ||
        stop.aborted ||
        this.#patience.due ||
        this.#step % saveEvery === 0 ||
        (best && this.#options.loadBestModelAtEnd);
      if (save) yield* this.#readSteps();
      if (save && this.#checkpoints !== undefined)
        yield { type: "checkpoint", step: this.#step, path: await this.#save(this.#checkpoints) };
    }
    yield* this.#readSteps();
    return yield* this.#end((performance.now() - started) / 1000);
  }

  async dispose(): Promise<void> {
    this.#optimizer.dispose();
    this.#unread.dispose();
    await this.#log?.close();
    this.#log = undefined;
  }

  /** Makes the output folder ready, takes up what a checkpoint holds, and says what there is to know at the start. */
  async *#begin(): AsyncGenerator<TrainEvent, void, void> {
    const { outputDir, reportTo, earlyStoppingPatience, loadBestModelAtEnd } = this.#options;
    const { warmupSteps, totalSteps } = this.#plan;
    const checkpoint = this.#resume?.checkpoint;
    const aside = await this.#checkpoints?.begin({ resume: checkpoint });
    if (outputDir !== undefined) {
      const resume = checkpoint && {
        step: checkpoint.state.step,
        log: join(dirname(checkpoint.path), LOG_FILE),
        evaluationDue: checkpoint.state.evaluationDue,
      };
      this.#log = await TrainingLog.open(outputDir, { tensorboard: reportTo === "tensorboard", resume });
    }
    if (this.#resume !== undefined) this.#takeUp(this.#resume);
    if (this.#newlyInitialized.length > 0)
      yield* this.#warn("newly-initialized", newlyInitializedMessage(this.#classifier, this.#newlyInitialized));
    for (const damage of checkpoint?.damaged ?? [])
      yield* this.#warn("damaged-checkpoint", `${damage}. The one before it is taken.`);
    if (aside !== undefined) {
      const where = shownPath(aside.path);
      const what =
        checkpoint === undefined
          ? `${shownPath(outputDir ?? "")} held another run's checkpoints and log. They are in ${where} now: resume from them by resumeFrom, or delete them`
          : `What was written after step ${this.#step}, or by another run, is in ${where} now: delete it`;
      const gone =
        aside.deleted.length === 0
          ? ""
          : ` The newest ${EARLIER_KEPT} such folders are kept; deleted: ${aside.deleted.map((path) => basename(path)).join(", ")}.`;
      yield* this.#warn(
        "earlier-run",
        `${what} when you do not need ${checkpoint === undefined ? "them" : "it"}.${gone}`,
      );
    }
    if (warmupSteps >= totalSteps && this.#options.lrSchedulerType !== "constant")
      yield* this.#warn(
        "warm-up",
        `The warm-up takes ${warmupSteps} steps and the run has ${totalSteps}: it ends before the rate is at learningRate.`,
      );
    if (earlyStoppingPatience !== undefined && !loadBestModelAtEnd)
      yield* this.#warn(
        "early-stopping",
        "Early stopping without loadBestModelAtEnd: the last weights stay, not the best.",
      );
    if (checkpoint !== undefined) {
      const { path } = checkpoint;
      yield {
        type: "resume",
        step: this.#step,
        epoch: this.#epoch,
        totalSteps,
        path,
        message: `Resuming from step ${this.#step} of ${totalSteps} (${shownPath(path)}).`,
      };
    }
  }

  #takeUp({ checkpoint, weights, moments, bestWeights }: Resume): void {
    const { state } = checkpoint;
    const { ops } = this.#classifier.model;
    const parameters = this.#classifier.trainableParameters();
    for (const parameter of parameters) {
      const values = weights.get(parameter.name);
      if (values !== undefined) parameter.assign(ops.float(values, parameter.shape));
    }
    this.#optimizer.restore(parameters, { steps: state.optimizerSteps, read: (name) => moments.get(name) });
    this.#best.remember(state.best, bestWeights);
    this.#step = state.step;
    this.#oneClassEvaluations = state.oneClassEvaluations;
    this.#evaluationDue = state.evaluationDue;
  }

  /** The evaluation that the checkpoint's run was stopped before; the checkpoint is written anew with it. */
  async *#catchUp(stop: AbortSignal): AsyncGenerator<TrainEvent, void, void> {
    yield* this.#evaluate(stop);
    if (!this.#evaluationDue && this.#checkpoints !== undefined)
      yield { type: "checkpoint", step: this.#step, path: await this.#save(this.#checkpoints) };
  }

  /** The optimizer steps of the epoch that the run is in. */
  #stepsOfEpoch(): number[][][] {
    return stepsOfEpoch(this.#data.lengths, this.#options, Math.floor(this.#step / this.#plan.stepsPerEpoch));
  }

  get #epoch(): number {
    return this.#step / this.#plan.stepsPerEpoch;
  }

  /** Forward, backward, clipping and update for one optimizer step. */
  async *#takeStep(microBatches: readonly (readonly number[])[]): AsyncGenerator<TrainEvent, void, void> {
    const { ops } = this.#classifier.model;
    const { learningRate: peak, lrSchedulerType: kind, maxTokensPerPass, bf16, loggingSteps } = this.#options;
    const started = performance.now();
    const gradients = new Gradients(ops);
    const batch = microBatches.flat();
    const learningRate = learningRateAt(this.#step, { peak, kind, ...this.#plan });
    const tokens = batch.reduce((sum, index) => sum + this.#data.lengths[index], 0);
    const options: BatchOptions = {
      microBatches,
      data: this.#data,
      loss: this.#loss,
      dropout: this.#dropout,
      precision: bf16 ? "bfloat16" : "float32",
      maxTokensPerPass,
      gradients,
    };
    try {
      if (loggingSteps > 1) {
        await this.#sendStep(options, { learningRate, tokens, batch });
        if (this.#unread.count >= loggingSteps) yield* this.#readSteps();
        return;
      }
      const loss = await batchGradients(this.#classifier, options);
      const gradNorm = await gradientNorm(this.#optimizer.joined(gradients), { ops });
      this.#expect(this.#guards.checkNumbers({ loss, gradNorm }), { batch, step: this.#step + 1 });
      this.#optimizer.step(gradients, { learningRate, gradientScale: clipScale(gradNorm, this.#options.maxGradNorm) });
      gradients.dispose(); // before the tensors are counted
      this.#step++;
      const tokensPerSecond = tokens / ((performance.now() - started) / 1000);
      yield await this.#stepDone({
        step: this.#step,
        epoch: this.#epoch,
        loss,
        learningRate,
        gradNorm,
        tokens,
        tokensPerSecond,
        batch,
      });
    } finally {
      gradients.dispose();
    }
  }

  /** Sends a step to the device and does not wait for it: clipping is done there. */
  async #sendStep(
    options: BatchOptions,
    { learningRate, tokens, batch }: { learningRate: number; tokens: number; batch: readonly number[] },
  ): Promise<void> {
    const { ops } = this.#classifier.model;
    const loss = await batchGradientsUnread(this.#classifier, options);
    const { norm, scale } = clippingOnDevice(this.#optimizer.joined(options.gradients), {
      ops,
      maxNorm: this.#options.maxGradNorm,
    });
    this.#optimizer.step(options.gradients, { learningRate, gradientScale: scale ?? 1 });
    ops.dispose(scale);
    this.#step++;
    this.#unread.add({ step: this.#step, epoch: this.#epoch, learningRate, tokens, batch }, { loss, gradNorm: norm });
  }

  /** Reads the numbers of the steps that were sent, and looks at each as at any other: before anything is saved. */
  async *#readSteps(): AsyncGenerator<TrainEvent, void, void> {
    for (const done of await this.#unread.read()) {
      this.#expect(this.#guards.checkNumbers(done), done);
      yield await this.#stepDone(done);
    }
  }

  /** Looks at what is held after a step, logs it and tells it. */
  async #stepDone({ batch, ...numbers }: ReadStep): Promise<TrainEvent> {
    const memory = process.memoryUsage.rss();
    const { step, epoch, loss, learningRate, gradNorm, tokens, tokensPerSecond } = numbers;
    this.#expect(this.#guards.checkMemory({ tensors: this.#classifier.model.ops.alive(), memory }), { batch, step });
    await this.#log?.write({
      step,
      epoch,
      loss,
      grad_norm: gradNorm,
      learning_rate: learningRate,
      tokens,
      tokens_per_second: tokensPerSecond,
      memory,
    });
    return { type: "step", step, epoch, loss, learningRate, gradNorm, tokens, tokensPerSecond, memory };
  }

  /**
   * Evaluates; left for the run that goes on from here when it is stopped meanwhile. Returns whether it was the best.
   */
  async *#evaluate(stop: AbortSignal): AsyncGenerator<TrainEvent, boolean, void> {
    const result = await this.#validate(stop);
    this.#evaluationDue = result === undefined;
    if (result === undefined) return false;
    const { metrics, onlyClass } = result;
    const { metricForBestModel: metric, greaterIsBetter } = this.#options;
    this.#patience.take(metrics[metric] ?? NaN, { best: this.#best.best?.metric, greaterIsBetter });
    const best = await this.#best.offer(this.#step, metrics);
    const [step, epoch] = [this.#step, this.#epoch];
    await this.#log?.write({
      step,
      epoch,
      ...Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`eval_${name}`, value])),
      metric_for_best_model: metric,
      best,
    });
    yield {
      type: "evaluation",
      step,
      epoch,
      loss: metrics.loss,
      accuracy: metrics.accuracy,
      metrics,
      metricForBestModel: metric,
      best,
    };
    yield* this.#lookForCollapse(onlyClass);
    if (!this.#patience.due || step === this.#plan.totalSteps) return best;
    const evaluations = this.#patience.count;
    yield {
      type: "early-stopping",
      step,
      metric,
      evaluations,
      message: `${metric} did not improve in ${evaluations} evaluation${evaluations === 1 ? "" : "s"} in a row: the run ends at step ${step} of ${this.#plan.totalSteps}.`,
    };
    return best;
  }

  async #validate(stop: AbortSignal): Promise<ValidationResult | undefined> {
    if (this.#validation === undefined) return undefined;
    const { texts, labels } = this.#validation;
    let logits: Float32Array;
    try {
      logits = await this.#classifier.predictLogits(texts, { signal: stop });
    } catch (error) {
      if (stop.aborted) return undefined;
      throw error;
    }
    const classes = this.#classifier.labels.length;
    const bad = logits.findIndex((logit) => !Number.isFinite(logit));
    if (bad >= 0)
      throw this.#failure(
        {
          kind: "diverged",
          what: `the model gives ${logits[bad]} for a validation text. The run has diverged`,
          tryThis: `choose a learningRate below ${this.#options.learningRate}`,
        },
        { ids: [this.#validation.ids[Math.floor(bad / classes)]] },
      );
    return validationMetrics(logits, { classes, labels, loss: this.#loss });
  }

  /** Points out a model that predicts one class alone, twice in a row; a fresh head may do so at first. */
  async *#lookForCollapse(onlyClass: number | undefined): AsyncGenerator<TrainEvent, void, void> {
    this.#oneClassEvaluations =
      onlyClass === undefined || this.#step < this.#plan.warmupSteps ? 0 : this.#oneClassEvaluations + 1;
    if (onlyClass === undefined || this.#oneClassEvaluations !== 2) return;
    yield* this.#warn(
      "one-class",
      `Every validation text is predicted to be ${this.#classifier.labels[onlyClass]}, at the second evaluation in a row: the model has collapsed to one class, and seldom recovers. Most often the learning rate, ${this.#options.learningRate}, is too high; try a third of it${this.#options.classWeights === undefined ? `, or classWeights: "balanced" where that class is by far the most frequent` : ""}.`,
    );
  }

  async #save(checkpoints: Checkpoints): Promise<string> {
    await this.#log?.sync();
    const { maxSteps, numTrainEpochs, evalSteps, saveSteps, perDeviceTrainBatchSize } = this.#options;
    const more = {
      max_steps: maxSteps ?? this.#plan.totalSteps,
      num_train_epochs: numTrainEpochs,
      eval_steps: evalSteps,
      save_steps: saveSteps,
      train_batch_size: perDeviceTrainBatchSize,
    };
    return checkpoints.save(this.#state(), { optimizer: this.#optimizer, more });
  }

  #state(): Omit<CheckpointState, "files"> {
    if (this.#identity === undefined) throw new TypeError("A run that saves checkpoints has an identity.");
    return {
      step: this.#step,
      epoch: this.#epoch,
      best: this.#best.best,
      dropoutDraws: this.#dropout.draws,
      optimizerSteps: this.#optimizer.steps,
      earlyStoppingCount: this.#patience.count,
      oneClassEvaluations: this.#oneClassEvaluations,
      evaluationDue: this.#evaluationDue,
      gradNorms: this.#guards.gradNorms,
      identity: this.#identity,
    };
  }

  async *#end(elapsedSeconds: number): AsyncGenerator<TrainEvent, TrainSummary, void> {
    const early = this.#patience.due && this.#step < this.#plan.totalSteps;
    const stopped = !early && (this.#evaluationDue || this.#step < this.#plan.totalSteps);
    if (!stopped) await this.#checkpoints?.finish();
    if (this.#options.loadBestModelAtEnd) this.#best.restore();
    const { best } = this.#best;
    const summary: TrainSummary = {
      type: "end",
      steps: this.#step,
      bestStep: best?.step,
      bestMetric: best?.metric,
      elapsedSeconds,
      stopped,
      reason: early ? "early-stopping" : stopped ? "stopped" : "finished",
    };
    yield summary;
    return summary;
  }

  async *#warn(kind: WarningEvent["kind"], message: string): AsyncGenerator<TrainEvent, void, void> {
    await this.#log?.write({ step: this.#step, epoch: this.#epoch, warning: message });
    yield { type: "warning", kind, step: this.#step, message };
  }

  #expect(fault: Fault | undefined, { batch, step }: { batch: readonly number[]; step: number }): void {
    if (fault !== undefined) throw this.#failure(fault, { ids: batch.map((index) => this.#examples.ids[index]), step });
  }

  #failure(
    { kind, what, tryThis }: Fault,
    { ids, step = this.#step + 1 }: { ids: readonly string[]; step?: number },
  ): TsloraError {
    const checkpoint = this.#checkpoints?.last;
    const shown =
      ids.length > IDS_SHOWN
        ? `${ids.slice(0, IDS_SHOWN).join(", ")} and ${ids.length - IDS_SHOWN} more`
        : ids.join(", ");
    const good =
      checkpoint === undefined ? "There is no checkpoint." : `The last good checkpoint is ${shownPath(checkpoint)}.`;
    return new TsloraError("bad-input", `train: at step ${step} ${what}; ${tryThis}. The batch: ${shown}. ${good}`, {
      details: { reason: kind, step, ids: [...ids], checkpoint },
    });
  }
}
