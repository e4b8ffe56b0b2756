import { join } from "node:path";

import { shownPath } from "../../../base/shown-path";
import { TsloraError } from "../../../base/tslora-error";
import { SweepJournal } from "../journal/sweep-journal";
import { SWEEP_FILES } from "./write-sweep-report";

/** Most sweeps of one name, with numbers at their ends. */
const MOST_SWEEPS = 1000;

/** The sweep that a call with `resume: "auto"` is. */
export interface ChosenSweep {
  readonly name: string;
  readonly outputDir: string;
  /** Whether it exists already. */
  readonly resume: boolean;
  /** Missing if the folder is a new one, with the name that was asked for. */
  readonly notice?: string;
}

/**
 * Finds the sweep of this name with the same settings, or a free name: `name`, `name-2`, `name-3` and so on, each in a
 * folder of its own.
 *
 * @param plan - everything that decides the trials
 * @throws TsloraError `bad-option` if there are too many, `bad-input` if a journal cannot be read.
 */
export async function chooseSweep({
  name,
  outputDir,
  plan,
}: {
  readonly name: string;
  readonly outputDir: string;
  readonly plan: string;
}): Promise<ChosenSweep> {
  for (let n = 1; n <= MOST_SWEEPS; n++) {
    const end = n === 1 ? "" : `-${n}`;
    const place = { name: name + end, outputDir: outputDir + end };
    const then = await SweepJournal.planOf(join(place.outputDir, SWEEP_FILES.journal), place.name);
    if (then === plan)
      return {
        ...place,
        resume: true,
        notice: `${shownPath(place.outputDir)} holds a sweep of these settings, which goes on.`,
      };
    if (then !== undefined) continue;
    if (n === 1) return { ...place, resume: false };
    const others = n === 2 ? shownPath(outputDir) : `${shownPath(outputDir)} and ${n - 2} more`;
    return {
      ...place,
      resume: false,
      notice: `${others} ${n === 2 ? "holds a sweep" : "hold sweeps"} of other settings, data or models; this one is in ${shownPath(place.outputDir)}.`,
    };
  }
  throw new TsloraError(
    "bad-option",
    `sweep: there are ${MOST_SWEEPS} sweeps named ${name} already. Choose another name.`,
  );
}
