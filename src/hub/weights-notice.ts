import { existsSync } from "node:fs";
import { join } from "node:path";

import { shownNames } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import { skippedWeights } from "../model/skipped-weights";
import { findWeights } from "../model/weights/weight-files";

/**
 * Sentences about a model's weights, which follow the notice of where it was found: that they are not safetensors, what
 * beside the weights is not read, and which of them no classifier uses. Empty if there is nothing to say.
 */
export async function weightsNotice(directory: string): Promise<string> {
  const found = findWeights((name) => existsSync(join(directory, name)));
  const format =
    found?.format.extension === ".bin"
      ? ` Its weights are ${found.file}, since it has no safetensors; they are read without executing anything.`
      : "";
  try {
    const { names, notice } = await skippedWeights(directory);
    const skipped =
      names.length === 0 ? "" : ` Not used, as they are buffers or of another head: ${shownNames(names, 10)}.`;
    return `${format}${notice === undefined ? "" : ` ${notice}`}${skipped}`;
  } catch (error) {
    if (error instanceof TsloraError) return format; // loading the model reports it
    throw error;
  }
}
