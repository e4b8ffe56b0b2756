import { shownPath } from "../../base/shown-path";
import { shownNames } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import type { Checkpoint } from "./weight-files";

/** Two tensors of a checkpoint that are the same weight under different names. */
export interface DoubledWeight {
  /** The one that is read. */
  readonly source: string;
  readonly other: string;
}

/**
 * Compares the numbers of tensors that are the same weight, e.g. `bert.pooler.dense.weight` and `pooler.dense.weight`.
 *
 * @throws TsloraError `bad-input` that names both, if they differ: it is unclear which the model was trained with.
 */
export async function checkDoubles(file: Checkpoint, doubles: readonly DoubledWeight[]): Promise<void> {
  for (const { source, other } of doubles) {
    const [a, b] = [await file.readFloats(source), await file.readFloats(other)];
    if (a.length === b.length && a.every((value, i) => value === b[i])) continue;
    throw new TsloraError(
      "bad-input",
      `The weights ${shownPath(file.path)}: ${shownNames([source, other])} are the same weight of the model, and must hold the same numbers; they differ. Remove the one that does not belong.`,
      { details: { tensors: [source, other] } },
    );
  }
}
