import { TsloraError } from "../base/tslora-error";
import type { SequenceClassifier } from "../classifier/sequence-classifier";
import { DropoutSource } from "../model/dropout";
import { Gradients } from "../model/gradients";
import { packDocuments } from "../model/packed-batch";
import { AdamW } from "./adamw";
import { epochBatches, splitByTokens } from "./batches";
import { BestWeights } from "./best-weights";
import { Checkpoints } from "./checkpoints";
import { balancedClassWeights } from "./class-weights";
import { classificationLoss, lossWeight, type ClassificationLoss } from "./classification-loss";
import { clipScale, gradientNorm } from "./gradient-norm";
import { learningRateAt } from "./learning-rate";
import { lossOfLogits } from "./loss-of-logits";
import { onInterrupt } from "./on-interrupt";
import { resolveTrainOptions } from "./resolve-train-options";
import type { TrainEvent, TrainSummary } from "./train-event";
import type { ResolvedTrainOptions, TrainOptions } from "./train-options";
import { examplesOf, type Examples } from "./training-examples";

/**
 * Trains a classifier's adapter, or all its weights, by AdamW on the mean cross entropy: an async generator of
 * events, which stops where its consumer stops. An interrupt (Ctrl-C, Jupyter's stop) or `signal` ends it at the
 * next step, with a checkpoint.
 *
 * Every batch is computed without padding, in parts whose gradients are summed, so that memory does not grow with
 * the batch. On one device, one seed gives one run.
 *
 * @throws TsloraError before anything is trained or written when an option or the data is wrong, and when the loss
 * stops being a number.
 */
export async function* train(classifier: SequenceClassifier, options: TrainOptions): AsyncGenerator<TrainEvent, TrainSummary, void> {
  const method = classifier.expectTrainable("train");
  const { problemType } = classifier;
  const numLabels = classifier.labels.length;
  const resolved = resolveTrainOptions(options, { method, problemType, numLabels });
  for (const name of ["gradientAccumulationSteps", "saveSteps", "earlyStoppingPatience", "resumeFrom", "reportTo"] as const) {
    if (options[name] !== undefined) throw new TsloraError("unsupported", `train: ${name} is not there yet.`);
  }
  const examples = examplesOf(options.train, { name: "train", numLabels, problemType });
  const validation = options.validation === undefined ? undefined : examplesOf(options.validation, { name: "validation", numLabels, problemType });
  const run = new TrainingRun(classifier, { options: resolved, examples, validation });
  const interrupt = onInterrupt();
  try {
    return yield* run.events(() => interrupt.requested() || (resolved.signal?.aborted ?? false));
  } finally {
    interrupt.release();
    run.dispose();
  }
}

/** One run: owner of the optimizer and of the best weights. */
class TrainingRun {
  readonly #classifier: SequenceClassifier;
  readonly #options: ResolvedTrainOptions;
  readonly #examples: Examples;
  readonly #validation: Examples | undefined;
  readonly #documents: readonly Int32Array[];
  readonly #lengths: readonly number[];
  readonly #loss: ClassificationLoss;
  readonly #optimizer: AdamW;
  readonly #dropout: DropoutSource;
  readonly #best: BestWeights;
  readonly #checkpoints: Checkpoints | undefined;

  constructor(classifier: SequenceClassifier, from: { options: ResolvedTrainOptions; examples: Examples; validation: Examples | undefined }) {
    const { options } = from;
    this.#classifier = classifier;
    this.#options = options;
    this.#examples = from.examples;
    this.#validation = from.validation;
    this.#documents = classifier.tokenizer.encode(from.examples.texts).map(({ ids }) => ids);
    this.#lengths = this.#documents.map(({ length }) => length);
    const { classWeights, labelSmoothing, focalGamma } = options;
    const { problemType, labels: names } = classifier;
    this.#loss = { problemType, labelSmoothing, focalGamma, classWeights: classWeights === "balanced" ? balancedClassWeights(from.examples.labels, { problemType, names }) : classWeights };
    this.#optimizer = new AdamW(classifier.model.ops, options);
    this.#dropout = new DropoutSource(options.seed);
    this.#best = new BestWeights(classifier, { metric: options.metricForBestModel === "loss" ? "loss" : "accuracy" });
    this.#checkpoints = options.outputDir === undefined ? undefined : new Checkpoints(classifier, { directory: options.outputDir, limit: options.saveTotalLimit });
  }

  async *events(stopRequested: () => boolean): AsyncGenerator<TrainEvent, TrainSummary, void> {
    const { perDeviceTrainBatchSize: batchSize, numTrainEpochs, maxSteps, seed, groupByLength, evalSteps } = this.#options;
    const started = performance.now();
    const stepsPerEpoch = Math.ceil(this.#documents.length / batchSize);
    const totalSteps = maxSteps ?? Math.max(1, Math.ceil(numTrainEpochs * stepsPerEpoch));
    const evaluateEvery = evalSteps < 1 ? Math.max(1, Math.ceil(evalSteps * totalSteps)) : evalSteps;
    yield {
      type: "start",
      totalSteps,
      stepsPerEpoch,
      epochs: totalSteps / stepsPerEpoch,
      trainExamples: this.#documents.length,
      validationExamples: this.#validation?.texts.length ?? 0,
      trainableParameters: this.#classifier.countParameters().trainable,
    };
    let step = 0;
    let stopped = false;
    let batches: number[][] = [];
    while (step < totalSteps && !stopped) {
      const inEpoch = step % stepsPerEpoch;
      if (inEpoch === 0) batches = epochBatches(this.#lengths, { batchSize, seed, epoch: step / stepsPerEpoch, groupByLength });
      const took = await this.#step(batches[inEpoch], { step, totalSteps });
      step++;
      const epoch = step / stepsPerEpoch;
      yield { type: "step", step, epoch, ...took };
      stopped = stopRequested();
      if (step % evaluateEvery === 0 || step === totalSteps || stopped) yield* this.#milestone({ step, epoch, evaluate: !stopped || step === totalSteps });
    }
    if (this.#options.loadBestModelAtEnd) this.#best.restore();
    const summary: TrainSummary = { type: "end", steps: step, bestStep: this.#best.step, bestMetric: this.#best.metric, elapsedSeconds: (performance.now() - started) / 1000, stopped };
    yield summary;
    return summary;
  }

  dispose(): void {
    this.#optimizer.dispose();
  }

  /** Forward, backward, clipping and update for one batch. */
  async #step(batch: readonly number[], at: { step: number; totalSteps: number }): Promise<{ loss: number; learningRate: number; gradNorm: number; tokens: number; tokensPerSecond: number }> {
    const { model } = this.#classifier;
    const { ops } = model;
    const { learningRate: peak, lrSchedulerType: kind, warmupSteps: warmup, warmupRatio, maxGradNorm, maxTokensPerPass } = this.#options;
    const started = performance.now();
    const gradients = new Gradients(ops);
    try {
      let loss = 0;
      const divisor = lossWeight(batch.map((index) => this.#examples.labels[index]), this.#loss);
      for (const part of splitByTokens(batch, { lengths: this.#lengths, maxTokens: maxTokensPerPass })) {
        const packed = packDocuments(part.map((index) => this.#documents[index]));
        const forward = model.forward({ kind: "training", ops, dropout: this.#dropout }, packed);
        const labels = packed.order.map((inPart) => this.#examples.labels[part[inPart]]);
        const { loss: partLoss, dLogits } = classificationLoss(forward.logits, { ops, labels, loss: this.#loss, divisor });
        model.backward({ ops, gradients }, dLogits, forward);
        loss += (await ops.read(partLoss))[0];
        forward.release();
        ops.dispose(partLoss, dLogits);
        await new Promise((resolve) => setImmediate(resolve)); // Jupyter's messages and interrupts get their turn
      }
      const gradNorm = await gradientNorm(gradients, { ops });
      const learningRate = learningRateAt(at.step, { peak, kind, warmupSteps: warmup !== undefined && warmup >= 1 ? warmup : Math.ceil((warmup ?? warmupRatio ?? 0) * at.totalSteps), totalSteps: at.totalSteps });
      if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) {
        throw new TsloraError("bad-input", `train: at step ${at.step + 1} the loss is ${loss} and the gradient's norm ${gradNorm}. The run has diverged; choose a learningRate below ${peak}.`);
      }
      this.#optimizer.step(gradients, { learningRate, gradientScale: clipScale(gradNorm, maxGradNorm) });
      const tokens = batch.reduce((sum, index) => sum + this.#lengths[index], 0);
      return { loss, learningRate, gradNorm, tokens, tokensPerSecond: tokens / ((performance.now() - started) / 1000) };
    } finally {
      gradients.dispose();
    }
  }

  /** Evaluation on the validation examples, and a checkpoint. */
  async *#milestone(at: { step: number; epoch: number; evaluate: boolean }): AsyncGenerator<TrainEvent, void, void> {
    const { step, epoch } = at;
    let best = false;
    if (at.evaluate && this.#validation !== undefined) {
      const result = await this.#evaluate(this.#validation);
      best = await this.#best.offer({ step, ...result });
      yield { type: "evaluation", step, epoch, ...result, best };
    }
    if (this.#checkpoints !== undefined) yield { type: "checkpoint", step, path: await this.#checkpoints.save({ step, epoch, best }) };
  }

  async #evaluate({ texts, labels }: Examples): Promise<{ loss: number; accuracy: number }> {
    const logits = await this.#classifier.predictLogits(texts);
    const width = this.#classifier.labels.length;
    let right = 0;
    labels.forEach((label, i) => {
      const row = [...logits.subarray(i * width, (i + 1) * width)];
      right += Number(typeof label === "number" ? row.indexOf(Math.max(...row)) === label : row.every((logit, c) => Number(logit > 0) === label[c]));
    });
    return { loss: lossOfLogits(logits, { classes: width, labels, loss: this.#loss }), accuracy: right / labels.length };
  }
}
