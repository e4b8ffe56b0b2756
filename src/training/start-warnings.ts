import { basename } from "node:path";

import { shownPath } from "../base/shown-path";
import type { SequenceClassifier } from "../classifier/sequence-classifier";
import { EARLIER_KEPT, type SetAside } from "./checkpoint/checkpoints";
import type { Resume } from "./checkpoint/read-resume";
import { newlyInitializedMessage } from "./newly-initialized-message";
import type { StepPlan } from "./plan-steps";
import type { WarningEvent } from "./train-event";
import type { ResolvedTrainOptions } from "./train-options";

/** A warning before it has a step. */
export type Warning = Pick<WarningEvent, "kind" | "message">;

/** Facts that a run's first warnings are about. */
export interface StartFacts {
  readonly classifier: SequenceClassifier;
  readonly options: ResolvedTrainOptions;
  readonly plan: StepPlan;
  readonly newlyInitialized: readonly string[];
  readonly checkpoint: Resume["checkpoint"] | undefined;
  /** Files of an earlier run that were moved. */
  readonly aside: SetAside | undefined;
}

/** The warnings that a run starts with. */
export function startWarnings(facts: StartFacts): readonly Warning[] {
  const { classifier, options, plan, newlyInitialized, checkpoint, aside } = facts;
  const warnings: Warning[] = [];
  if (newlyInitialized.length > 0)
    warnings.push({ kind: "newly-initialized", message: newlyInitializedMessage(classifier, newlyInitialized) });
  for (const damage of checkpoint?.damaged ?? [])
    warnings.push({ kind: "damaged-checkpoint", message: `${damage}. The one before it is taken.` });
  if (aside !== undefined) warnings.push({ kind: "earlier-run", message: asideMessage(aside, facts) });
  if (plan.warmupSteps >= plan.totalSteps && options.lrSchedulerType !== "constant")
    warnings.push({
      kind: "warm-up",
      message: `The warm-up takes ${plan.warmupSteps} steps and the run has ${plan.totalSteps}: it ends before the rate is at learningRate.`,
    });
  if (options.earlyStoppingPatience !== undefined && !options.loadBestModelAtEnd)
    warnings.push({
      kind: "early-stopping",
      message: "Early stopping without loadBestModelAtEnd: the last weights stay, not the best.",
    });
  return warnings;
}

function asideMessage(aside: SetAside, { options, checkpoint }: Pick<StartFacts, "options" | "checkpoint">): string {
  const where = shownPath(aside.path);
  const deleted = aside.deleted.map((path) => basename(path)).join(", ");
  const gone = deleted === "" ? "" : ` The newest ${EARLIER_KEPT} such folders are kept; deleted: ${deleted}.`;
  if (checkpoint !== undefined)
    return `What was written after step ${checkpoint.state.step}, or by another run, is in ${where} now: delete it when you do not need it.${gone}`;
  const folder = shownPath(options.outputDir ?? "");
  return `${folder} held another run's checkpoints and log. They are in ${where} now: resume from them by resumeFrom, or delete them when you do not need them.${gone}`;
}
