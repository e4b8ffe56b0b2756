import { basename } from "node:path";

import { shownPath } from "../../base/shown-path";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { EARLIER_KEPT, type SetAside } from "../checkpoint/checkpoints";
import type { Resume } from "../checkpoint/read-resume";
import { precisionNotice } from "../step/training-precision";
import { newlyInitializedMessage } from "./newly-initialized-message";
import type { StepPlan } from "./plan-steps";
import type { WarningEvent } from "../train-event";
import type { ResolvedTrainOptions } from "../options/train-options";

/** A warning without its step. */
export type Warning = Pick<WarningEvent, "kind" | "message">;

/** Inputs of a run's first warnings. */
export interface StartFacts {
  readonly classifier: SequenceClassifier;
  readonly options: ResolvedTrainOptions;
  readonly plan: StepPlan;
  readonly newlyInitialized: readonly string[];
  readonly checkpoint: Resume["checkpoint"] | undefined;
  /** Files of an earlier run that were moved. */
  readonly aside: SetAside | undefined;
}

/** The warnings at the start of a run. */
export function startWarnings(facts: StartFacts): readonly Warning[] {
  const { classifier, options, plan, newlyInitialized, checkpoint, aside } = facts;
  const warnings: Warning[] = [];
  if (newlyInitialized.length > 0)
    warnings.push({ kind: "newly-initialized", message: newlyInitializedMessage(classifier, newlyInitialized) });
  const notUsed = precisionNotice(classifier.model.ops, options);
  if (notUsed !== undefined) warnings.push({ kind: "precision", message: notUsed });
  for (const damage of checkpoint?.damaged ?? [])
    warnings.push({ kind: "damaged-checkpoint", message: `${damage}. The run resumes from an earlier checkpoint.` });
  if (aside !== undefined) warnings.push({ kind: "earlier-run", message: asideMessage(aside, facts) });
  if (plan.warmupSteps >= plan.totalSteps && options.lrSchedulerType !== "constant")
    warnings.push({
      kind: "warm-up",
      message: `The warm-up takes ${plan.warmupSteps} steps, but the run has ${plan.totalSteps}: the rate never reaches learningRate.`,
    });
  if (options.earlyStoppingPatience !== undefined && !options.loadBestModelAtEnd)
    warnings.push({
      kind: "early-stopping",
      message: "Early stopping without loadBestModelAtEnd: the run ends with the last weights, not the best.",
    });
  return warnings;
}

function asideMessage(aside: SetAside, { options, checkpoint }: Pick<StartFacts, "options" | "checkpoint">): string {
  const where = shownPath(aside.path);
  const deleted = aside.deleted.map((path) => basename(path)).join(", ");
  const gone = deleted === "" ? "" : ` The newest ${EARLIER_KEPT} such folders are kept; deleted: ${deleted}.`;
  if (checkpoint !== undefined)
    return `Files written after step ${checkpoint.state.step}, or by another run, were moved to ${where}: delete them when you do not need them.${gone}`;
  const folder = shownPath(options.outputDir ?? "");
  return `${folder} held another run's files. They were moved to ${where}: resume from them with resumeFrom, or delete them when you do not need them.${gone}`;
}
