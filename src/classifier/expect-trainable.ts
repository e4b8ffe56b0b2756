import { TsloraError } from "../base/tslora-error";
import type { Adapter } from "../lora/adapter";
import type { AdapterState } from "../lora/adapter-set";
import type { ClassificationModel } from "../model/classification-model";
import { expectFloat32 } from "../model/int8-weights";
import type { TrainingMethod } from "./training-method";

/**
 * The training method of a classifier, for a call that trains it.
 *
 * @throws TsloraError if there is nothing to train, with advice.
 */
export function expectTrainable(
  call: string,
  {
    model,
    adapter,
    adapterState,
    method,
  }: {
    readonly model: ClassificationModel;
    readonly adapter: Pick<Adapter, "name" | "awaitsEva"> | undefined;
    readonly adapterState: AdapterState;
    readonly method: TrainingMethod | "none";
  },
): TrainingMethod {
  expectFloat32(model, call);
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
