import { join } from "node:path";

import { expandHome } from "../../../base/files/expand-home";
import { shownPath } from "../../../base/shown-path";
import { TsloraError } from "../../../base/tslora-error";
import { isRecord } from "../../../base/json";
import { JournalFile } from "../journal/journal-file";
import { STUDY_DIRECTION } from "../journal/operations";
import { recordedTrial, type RecordedTrial } from "../journal/sweep-journal";
import type { SearchSpace } from "../space/search-space";
import { SWEEP_FILES } from "./write-sweep-report";

/** A sweep as its journal holds it. */
export interface SweepRecord {
  readonly name: string;
  readonly metric: string;
  readonly direction: "maximize" | "minimize";
  readonly space: SearchSpace;
  readonly trials: readonly RecordedTrial[];
}

/**
 * Reads a sweep from its journal, also while it runs in another process.
 *
 * @param outputDir - the sweep's output folder
 * @param options.name - @default "sweep"
 * @throws TsloraError `not-found` if the folder holds no such sweep
 */
export async function readSweep(outputDir: string, options: { readonly name?: string } = {}): Promise<SweepRecord> {
  const { name = "sweep" } = options;
  const path = join(expandHome(outputDir), SWEEP_FILES.journal);
  const file = new JournalFile(path);
  await file.sync();
  const study = file.replay.study(name);
  const plan = parsed(study?.userAttrs.get("tslora:plan"));
  if (study === undefined || plan === undefined)
    throw new TsloraError(
      "not-found",
      `${shownPath(path)} holds no sweep named ${name}. Give the folder and the name of a sweep.`,
    );
  const ranges = plan.space as SearchSpace; // this journal's own plan, which was checked
  const order = plan.order as readonly string[];
  const space = Object.fromEntries(order.map((setting) => [setting, ranges[setting]]));
  return {
    name,
    metric: String(plan.metric),
    direction: study.directions[0] === STUDY_DIRECTION.maximize ? "maximize" : "minimize",
    space,
    trials: study.trials.map((trial) => recordedTrial(trial, space)),
  };
}

function parsed(text: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof text !== "string") return undefined;
  const value: unknown = JSON.parse(text);
  return isRecord(value) ? value : undefined;
}
