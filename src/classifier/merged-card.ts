import type { ModelCardInfo } from "../hub/card/model-card";
import type { RunFacts } from "../hub/card/run-facts";
import type { Adapter } from "../lora/adapter";
import type { ProblemType } from "../model/encoder-config";

/**
 * The content of a model card for weights that hold a merged adapter: facts about the classifier, and about the run
 * that trained the adapter.
 *
 * @param config - the merged adapter's configuration
 * @returns undefined without a merged adapter
 */
export function mergedCard(
  classifier: {
    readonly origin: { readonly id: string };
    readonly labels: readonly string[];
    readonly problemType: ProblemType;
    readonly tokenizer: { readonly maxLength: number };
  },
  config: Adapter["config"] | undefined,
  facts: RunFacts = {},
): ModelCardInfo | undefined {
  if (config === undefined) return undefined;
  const { origin, labels, problemType, tokenizer } = classifier;
  return {
    baseModel: origin.id,
    method: "merged",
    labels,
    problemType,
    maxLength: tokenizer.maxLength,
    adapter: { ...config, taskType: undefined },
    ...facts,
  };
}
