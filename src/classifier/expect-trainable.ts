import { TsloraError } from "../base/tslora-error";
import type { Adapter } from "../lora/adapter";
import type { AdapterState } from "../lora/adapter-set";

/**
 * The training method of a classifier, for a call that trains it.
 *
 * @throws TsloraError if there is nothing to train, with advice.
 */
export function expectTrainable(
  call: string,
  {
    adapter,
    adapterState,
    method,
  }: {
    readonly adapter: Pick<Adapter, "name" | "awaitsEva"> | undefined;
    readonly adapterState: AdapterState;
    readonly method: "lora" | "full" | "none";
  },
): "lora" | "full" {
  if (adapterState === "disabled")
    throw new TsloraError("bad-input", `${call}: adapters are disabled. Call enableAdapter first.`);
  if (method === "none")
    throw new TsloraError(
      "bad-input",
      `${call}: there is nothing to train. Add an adapter with classifier.addAdapter(...), or call classifier.trainAllWeights() or classifier.trainHead().`,
    );
  if (adapter?.awaitsEva === true)
    throw new TsloraError(
      "bad-input",
      `${call}: adapter "${adapter.name}" has initLoraWeights "eva" and no directions yet. Call initializeLoraEvaWeights(classifier, texts) first.`,
    );
  return method;
}
