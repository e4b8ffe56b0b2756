import { existsSync } from "node:fs";
import { join } from "node:path";

import { shownNames } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import { skippedWeights } from "../model/skipped-weights";
import type { Checkpoint } from "../model/weights/open-checkpoint";
import { findWeights } from "../model/weights/weight-files";
import type { ResolvedModel } from "./resolved-model";

/** The weights of models that were found, closed, for loading the models. */
const KNOWN = new WeakMap<ResolvedModel, Checkpoint>();

/** A found model's weights as {@link withWeights} opened them; undefined for one that was found otherwise. */
export function knownWeights(model: ResolvedModel): Checkpoint | undefined {
  return KNOWN.get(model);
}

/**
 * Adds sentences about the weights to the notice of a model: that they are not safetensors, which other content of
 * their file is not read, and which weights the classifier does not use.
 */
export async function withWeights(model: ResolvedModel): Promise<ResolvedModel> {
  const { directory } = model;
  const found = findWeights((name) => existsSync(join(directory, name)));
  const format =
    found?.format.extension === ".bin"
      ? ` Its weights are ${found.file}, since it has no safetensors; they are read without executing anything.`
      : "";
  const skipped = await skippedWeights(directory).catch((error: unknown) => {
    if (error instanceof TsloraError) return undefined; // loading the model reports it
    throw error;
  });
  if (skipped === undefined) return { ...model, notice: `${model.notice}${format}` };
  const { names, file } = skipped;
  const notice = file.notice === undefined ? "" : ` ${file.notice}`;
  const unused =
    names.length === 0 ? "" : ` Not used, as they are buffers or of another head: ${shownNames(names, 10)}.`;
  const resolved = { ...model, notice: `${model.notice}${format}${notice}${unused}` };
  KNOWN.set(resolved, file);
  return resolved;
}
