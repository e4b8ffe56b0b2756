import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { Problems } from "../base/problems";
import { shownPath } from "../base/shown-path";
import { TsloraError } from "../base/tslora-error";
import { SENTENCEPIECE_FILES } from "./tokenizer-files";
import { findWeights, foreignWeights, MODEL_WEIGHTS } from "../model/weights/weight-files";

/**
 * Checks that a model's folder holds configuration, weights and tokenizer. Reports all missing files at once. Does not
 * read their content.
 *
 * @param options.requireTokenizer - whether a missing tokenizer alone is a problem
 * @throws TsloraError `not-found`, or `unsupported` if the weights are another library's.
 */
export function checkModelFolder(
  directory: string,
  { requireTokenizer }: { readonly requireTokenizer: boolean },
): void {
  const shown = shownPath(directory);
  if (!statSync(directory).isDirectory())
    throw new TsloraError("not-found", `A model must be a folder; ${shown} is a file. Give the folder that holds it.`);
  const has = (name: string): boolean => existsSync(join(directory, name));
  if (!has("config.json") && has("adapter_config.json"))
    throw new TsloraError(
      "not-found",
      `${shown} holds an adapter (adapter_config.json), not a model. ` +
        "Load its base, and the adapter on it (loadAdapter, --adapter).",
    );
  const problems = new Problems(`The folder ${shown} is not a whole model`);
  problems.expect(has("config.json"), "config.json is missing");
  const foreign = findWeights(has) === undefined ? foreignWeights(readdirSync(directory)) : undefined;
  problems.expect(foreign === undefined, foreign ?? "");
  problems.expect(
    foreign !== undefined || findWeights(has) !== undefined,
    `the weights are missing: ${MODEL_WEIGHTS.map(({ whole }) => whole).join(" or ")}, or their parts and index`,
  );
  if (requireTokenizer || problems.count > 0)
    problems.expect(
      hasTokenizer(has),
      "the tokenizer is missing: tokenizer.json, vocab.txt, vocab.json and merges.txt, or a sentencepiece model",
    );
  problems.throwIfAny(foreign === undefined ? "not-found" : "unsupported");
}

/** Whether a folder has a tokenizer, in any form that is read. */
export function hasTokenizer(has: (name: string) => boolean): boolean {
  const files = has("tokenizer.json") || has("vocab.txt") || (has("vocab.json") && has("merges.txt"));
  return files || SENTENCEPIECE_FILES.some(has);
}
