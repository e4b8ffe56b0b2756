import { dirname, join } from "node:path";

import { Problems } from "../../base/problems";
import { shownPath } from "../../base/shown-path";
import { shownValue } from "../../base/shown-value";
import type { ClassificationModel } from "../../model/classification-model";
import { DropoutSource } from "../../model/parts/dropout";
import { packDocuments, type TokenDocument } from "../../model/parts/packed-batch";
import { splitByTokens } from "../data/batches";
import type { CheckpointState } from "./checkpoint-state";
import { isBetter, type BestEvaluation } from "./best-weights";
import { EarlyStopping } from "../validation/early-stopping";
import { learningRateAt } from "../optimizer/learning-rate";
import { planSteps, type StepPlan } from "../run/plan-steps";
import { stepsOfEpoch } from "../data/steps-of-epoch";
import type { MetricName, ResolvedTrainOptions } from "../options/train-options";
import { LOG_FILE, readLog, type LogLine } from "../log/training-log";
import { NORMS_KEPT } from "../step/training-guards";

/** The run that resumes. */
export interface ResumingRun {
  readonly model: ClassificationModel;
  readonly options: ResolvedTrainOptions;
  readonly documents: readonly TokenDocument[];
  /** Whether there are validation examples. */
  readonly evaluates: boolean;
}

/**
 * Checks a checkpoint's state against the run that resumes from it. A value that follows from the run and the step must
 * have that value, every other value must be in its range, and the log next to the checkpoint must agree.
 *
 * @throws TsloraError `bad-input` that names every value at fault.
 */
export async function checkResume(
  checkpoint: { path: string; state: CheckpointState },
  run: ResumingRun,
): Promise<void> {
  const { path, state } = checkpoint;
  const { options, documents } = run;
  const plan = planSteps(documents.length, options);
  const problems = new Problems(`The checkpoint ${shownPath(path)} contradicts its run`);
  const expectValue = (name: string, found: unknown, wanted: unknown): boolean =>
    problems.expect(
      found === wanted,
      `${name} must be ${shownValue(wanted)} at step ${state.step}; got ${shownValue(found)}`,
    );
  const inRun = problems.expect(
    state.step >= 1 && state.step <= plan.totalSteps,
    `global_step must be from 1 to the run's ${plan.totalSteps} steps; got ${state.step}`,
  );
  if (inRun) {
    expectValue("epoch", state.epoch, state.step / plan.stepsPerEpoch);
    expectValue("optimizerSteps", state.optimizerSteps, state.step);
    expectValue("dropoutDraws", state.dropoutDraws, dropoutDraws(state.step, { ...run, plan }));
    expectValue("the number of gradNorms", state.gradNorms.length, Math.min(state.step, NORMS_KEPT));
    checkEvaluations(state, { plan, evaluates: run.evaluates, problems, metric: options.metricForBestModel });
    checkLog(await readLog(join(dirname(path), LOG_FILE)), { state, plan, options, problems });
  }
  problems.throwIfAny("bad-input");
}

/** The number of masks that a run has drawn up to a step: masks per pass times passes. */
function dropoutDraws(step: number, { model, options, documents, plan }: ResumingRun & { plan: StepPlan }): number {
  const { ops } = model;
  const counter = new DropoutSource(options.seed);
  const forward = model.forward(
    { kind: "training", ops, dropout: counter, precision: "float32", frozenDropout: options.frozenPrefixDropout },
    packDocuments([documents[0].ids.slice(0, 2)]),
  );
  forward.release();
  const lengths = documents.map(({ ids }) => ids.length);
  let passes = 0;
  for (let done = 0; done < step; done += plan.stepsPerEpoch) {
    const steps = stepsOfEpoch(lengths, options, done / plan.stepsPerEpoch).slice(0, step - done);
    for (const batch of steps.flat())
      passes += splitByTokens(batch, { lengths, maxTokens: options.maxTokensPerPass }).length;
  }
  return passes * counter.draws;
}

/** The steps at which the run evaluates, up to a given step. */
function evaluatedSteps(state: CheckpointState, { plan, evaluates }: { plan: StepPlan; evaluates: boolean }): number[] {
  if (!evaluates) return [];
  const steps: number[] = [];
  for (let step = plan.evaluateEvery; step <= state.step; step += plan.evaluateEvery) steps.push(step);
  if (state.step === plan.totalSteps && steps.at(-1) !== state.step) steps.push(state.step);
  return steps;
}

interface EvaluationsToCheck {
  readonly plan: StepPlan;
  readonly evaluates: boolean;
  readonly metric: MetricName;
  readonly problems: Problems;
}

function checkEvaluations(state: CheckpointState, { plan, evaluates, metric, problems }: EvaluationsToCheck): void {
  const { best, step, evaluationDue, earlyStoppingCount, oneClassEvaluations } = state;
  const due = evaluatedSteps(state, { plan, evaluates });
  problems.expect(
    !evaluationDue || due.at(-1) === step,
    `evaluationDue must be false: no evaluation is due at step ${step}`,
  );
  const done = evaluationDue ? due.slice(0, -1) : due;
  problems.expect(
    earlyStoppingCount <= done.length,
    `earlyStoppingCount must be at most the ${done.length} evaluations up to step ${step}; got ${earlyStoppingCount}`,
  );
  problems.expect(
    oneClassEvaluations <= done.length,
    `oneClassEvaluations must be at most the ${done.length} evaluations up to step ${step}; got ${oneClassEvaluations}`,
  );
  if (best === undefined)
    problems.expect(
      done.length === 0,
      `best_global_step must name one of the ${done.length} evaluations up to step ${step}; got null`,
    );
  else {
    problems.expect(
      done.includes(best.step),
      `best_global_step must be a step that was evaluated, up to ${step}; got ${best.step}`,
    );
    checkRanges(best, { metric, problems });
  }
}

/** Tolerance for correlations, which rounding may push out of their range. */
const ROUNDING = 1e-9;

/** Refuses a best evaluation with impossible numbers. */
function checkRanges(
  { metric: value, loss }: BestEvaluation,
  { metric, problems }: { metric: MetricName; problems: Problems },
): void {
  problems.expect(loss >= 0, `bestLoss must be from 0; got ${loss}`);
  if (metric === "loss") {
    problems.expect(value === loss, `best_metric must be bestLoss, ${loss}; got ${value}`);
    return;
  }
  const lowest = metric === "matthews_correlation" ? -1 : 0;
  problems.expect(
    value >= lowest - ROUNDING && value <= 1 + ROUNDING,
    `best_metric, which is ${metric}, must be from ${lowest} to 1; got ${value}`,
  );
}

/** Compares a state with the same steps in the log next to the checkpoint, if there is a log. */
function checkLog(
  log: readonly LogLine[],
  from: { state: CheckpointState; plan: StepPlan; options: ResolvedTrainOptions; problems: Problems },
): void {
  const { state, plan, options, problems } = from;
  const { learningRate: peak, lrSchedulerType: kind } = options;
  const lines = log.filter(({ step }) => step <= state.step && !Number.isNaN(step));
  const expectLogged = (line: LogLine, name: string, wanted: number): boolean =>
    problems.expect(
      line[name] === wanted,
      `${LOG_FILE}: ${name} of step ${line.step} must be ${wanted}; got ${shownValue(line[name])}`,
    );
  const norms = new Map<number, unknown>();
  const evaluations: LogLine[] = [];
  for (const line of lines) {
    if ("warning" in line) continue;
    expectLogged(line, "epoch", line.step / plan.stepsPerEpoch);
    if ("eval_loss" in line) evaluations.push(line);
    else if ("loss" in line) {
      expectLogged(line, "learning_rate", learningRateAt(line.step - 1, { peak, kind, ...plan }));
      problems.expect(
        Number.isFinite(line.loss),
        `${LOG_FILE}: loss of step ${line.step} must be a number; got ${shownValue(line.loss)}`,
      );
      norms.set(line.step, line.grad_norm);
    }
  }
  state.gradNorms.forEach((norm, i) => {
    const step = state.step - state.gradNorms.length + 1 + i;
    problems.expect(
      !norms.has(step) || norms.get(step) === norm,
      `the norm of step ${step}'s gradient must be the log's, ${shownValue(norms.get(step))}; got ${norm}`,
    );
  });
  checkBest(
    evaluations.filter(({ step }) => !(state.evaluationDue && step === state.step)),
    from,
  );
}

/** If all evaluations are logged, computes the best one and the count of early stopping again. */
function checkBest(
  evaluations: readonly LogLine[],
  {
    state,
    plan,
    options,
    problems,
  }: { state: CheckpointState; plan: StepPlan; options: ResolvedTrainOptions; problems: Problems },
): void {
  const due = evaluatedSteps(state, { plan, evaluates: true }).filter(
    (step) => !(state.evaluationDue && step === state.step),
  );
  if (evaluations.length === 0 || evaluations.map(({ step }) => step).join() !== due.join()) return;
  const { metricForBestModel: metric, greaterIsBetter } = options;
  const patience = new EarlyStopping({
    patience: options.earlyStoppingPatience,
    threshold: options.earlyStoppingThreshold,
  });
  let best: { step: number; metric: number; loss: number } | undefined;
  for (const line of evaluations) {
    const found = { step: line.step, metric: Number(line[`eval_${metric}`]), loss: Number(line.eval_loss) };
    patience.take(found.metric, { best: best?.metric, greaterIsBetter });
    if (best === undefined || isBetter(found, best, { greaterIsBetter })) best = found;
  }
  const logged = `${LOG_FILE} holds`;
  problems.expect(
    best?.step === state.best?.step,
    `best_global_step must be ${best?.step ?? null}, the best evaluation that ${logged}; got ${state.best?.step ?? null}`,
  );
  if (best !== undefined && best.step === state.best?.step) {
    problems.expect(
      best.metric === state.best.metric,
      `best_metric must be the log's, ${best.metric}; got ${state.best.metric}`,
    );
    problems.expect(best.loss === state.best.loss, `bestLoss must be the log's, ${best.loss}; got ${state.best.loss}`);
  }
  problems.expect(
    patience.count === state.earlyStoppingCount,
    `earlyStoppingCount must be ${patience.count} after the evaluations that ${logged}; got ${state.earlyStoppingCount}`,
  );
}
