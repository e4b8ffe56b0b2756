import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { Problems } from "../base/problems";
import { shownPath } from "../base/shown-path";
import { TsloraError } from "../base/tslora-error";
import { SHARD_INDEX } from "../model/weights/shard-index";

const PICKLES = /^pytorch_model(-\d+-of-\d+)?\.bin(\.index\.json)?$/;

/**
 * Checks that a model's folder holds configuration, weights and tokenizer. Reports all missing files at once. Does not
 * read their content.
 *
 * @param options.requireTokenizer - whether a missing tokenizer alone is a problem
 * @throws TsloraError `not-found`, or `unsupported` if the weights are a pickle.
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
  const pickle =
    has("model.safetensors") || has(SHARD_INDEX)
      ? undefined
      : readdirSync(directory).find((name) => PICKLES.test(name));
  problems.expect(
    pickle === undefined,
    `the weights are ${pickle ?? ""}, a pickle, which can run code when it is read. If you trust it, convert it in Python: ` +
      "AutoModelForSequenceClassification.from_pretrained(folder).save_pretrained(folder, safe_serialization=True)",
  );
  problems.expect(
    pickle !== undefined || has("model.safetensors") || has(SHARD_INDEX),
    `the weights are missing: model.safetensors, or its parts and ${SHARD_INDEX}`,
  );
  const tokenizer = has("tokenizer.json") || has("vocab.txt") || (has("vocab.json") && has("merges.txt"));
  if (requireTokenizer || problems.count > 0)
    problems.expect(tokenizer, "the tokenizer is missing: tokenizer.json, vocab.txt, or vocab.json and merges.txt");
  problems.throwIfAny(pickle === undefined ? "not-found" : "unsupported");
}
