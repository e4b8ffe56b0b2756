import { shownPath } from "../../base/shown-path";
import { TsloraError } from "../../base/tslora-error";
import type { Fault } from "../step/training-guards";

/** Most examples that an error names. */
const IDS_SHOWN = 20;

/** Step, examples and checkpoint of a failure. */
export interface FailureContext {
  readonly step: number;
  /** The ids of the examples in the failed step. */
  readonly ids: readonly string[];
  /** Folder of the newest checkpoint. */
  readonly checkpoint: string | undefined;
}

/** The error that ends a run. It names the step's examples and the last good checkpoint. */
export function runFailure({ kind, what, tryThis }: Fault, { step, ids, checkpoint }: FailureContext): TsloraError {
  const good =
    checkpoint === undefined ? "There is no checkpoint." : `The last good checkpoint is ${shownPath(checkpoint)}.`;
  return new TsloraError(
    "bad-input",
    `train: at step ${step} ${what}; ${tryThis}. The batch: ${shownIds(ids)}. ${good}`,
    {
      details: { reason: kind, step, ids: [...ids], checkpoint },
    },
  );
}

/** The examples of a step, as an error names them. */
export function shownIds(ids: readonly string[]): string {
  const more = ids.length > IDS_SHOWN ? ` and ${ids.length - IDS_SHOWN} more` : "";
  return `${ids.slice(0, IDS_SHOWN).join(", ")}${more}`;
}
