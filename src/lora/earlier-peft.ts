import { Problems } from "../base/problems";
import { shownValue } from "../base/shown-value";
import type { ClassificationModel } from "../model/classification-model";
import type { Checkpoint } from "../model/weights/weight-files";
import { PEFT_PREFIX } from "./adapter";
import { biasName } from "./build-adapter";
import { ownerOf } from "./module-tree";
import type { AdapterPlan } from "./plan-adapter";

/**
 * Names of the trained biases that a file lacks because of a fault of earlier peft: with `bias: "lora_only"` it saved
 * no bias of an adapted layer. Such an adapter works with the base's biases, as in peft. Empty if the file has any.
 */
export function unsavedBiases(file: Checkpoint, plan: AdapterPlan): ReadonlySet<string> {
  const names = plan.biases.map((bias) => biasName(plan, bias));
  const isEarlier = plan.config.bias === "lora_only" && !names.some((name) => file.entries.has(name));
  return new Set(isEarlier ? names : []);
}

/**
 * Names of the weights in a file that are no biases: with `bias: "all"`, earlier peft trained and saved every weight
 * with "bias" in its name, such as MPNet's `relative_attention_bias.weight`.
 */
export function weightsNamedBias(
  file: Checkpoint,
  { model, plan }: { model: ClassificationModel; plan: AdapterPlan },
): ReadonlySet<string> {
  const planned = new Set([...plan.biases, ...plan.saved]);
  const further = model.parameters().filter((own) => own.name.includes("bias") && !planned.has(own));
  const names = further.map(({ name }) => `${PEFT_PREFIX}${name}`).filter((name) => file.entries.has(name));
  return new Set(plan.config.bias === "all" ? names : []);
}

/**
 * Checks that weights in a file are the model's own, so that they can be ignored.
 *
 * @param options.where - starts the message
 * @throws TsloraError `unsupported` that names the weights that differ.
 */
export async function expectOwnWeights(
  file: Checkpoint,
  { model, names, where }: { model: ClassificationModel; names: ReadonlySet<string>; where: string },
): Promise<void> {
  const problems = new Problems(where);
  for (const own of model.parameters()) {
    const key = `${PEFT_PREFIX}${own.name}`;
    if (!names.has(key)) continue;
    const [found, wanted] = [await file.readFloats(key), await own.read()];
    const module = ownerOf(own.name);
    problems.expect(
      found.length === wanted.length && found.every((value, i) => value === wanted[i]),
      `${shownValue(key)} is not the model's: with bias "all", earlier versions of peft trained every weight with "bias" in its name. ` +
        `To load it as trained, add ${shownValue(module.slice(module.lastIndexOf(".") + 1))} to modules_to_save in adapter_config.json`,
    );
  }
  problems.throwIfAny("unsupported");
}

/** Notices for the weights that a file lacks, or holds without need. */
export function earlierNotices(absent: ReadonlySet<string>, ignored: ReadonlySet<string>): string[] {
  return [
    ...(absent.size === 0
      ? []
      : ['bias "lora_only": the file holds no biases, as earlier versions of peft wrote it; the base\'s are used']),
    ...(ignored.size === 0
      ? []
      : [`bias "all": earlier versions of peft saved ${[...ignored].join(", ")} too, which equals the base's`]),
  ];
}
