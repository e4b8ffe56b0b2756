import { join } from "node:path";

import { writeAtomically } from "../base/write-atomically";
import { writeSafetensors, type TensorToWrite } from "../model/write-safetensors";
import { PEFT_PREFIX, type Adapter } from "./adapter";

/** An adapter's files in peft's format. */
export interface SavedAdapter {
  readonly directory: string;
  readonly files: readonly string[];
}

/**
 * Saves an adapter as peft does: `adapter_model.safetensors` with A, B and the head, and `adapter_config.json`.
 * Python reads it with `PeftModel.from_pretrained(base, directory)`. Each file is written beside and renamed, the
 * configuration last.
 *
 * @param options.baseModel - what stands as `base_model_name_or_path`
 */
export async function saveAdapter(adapter: Adapter, options: { directory: string; baseModel: string }): Promise<SavedAdapter> {
  const { ops } = adapter.model;
  const { directory } = options;
  const tensors: TensorToWrite[] = [];
  for (const { name, shape, value } of adapter.parameters()) {
    tensors.push({ name: name.startsWith(PEFT_PREFIX) ? name : `${PEFT_PREFIX}${name}`, shape, values: await ops.read(value) });
  }
  await writeSafetensors(join(directory, "adapter_model.safetensors"), { tensors, metadata: { format: "pt" } });
  await writeAtomically(join(directory, "adapter_config.json"), `${JSON.stringify(peftConfig(adapter, options.baseModel), undefined, 2)}\n`);
  return { directory, files: ["adapter_model.safetensors", "adapter_config.json"] };
}

/** peft's keys in their sorted order: the stable set that every version of peft since 0.6 reads. */
function peftConfig({ config }: Adapter, baseModel: string): Record<string, unknown> {
  return {
    alpha_pattern: {},
    auto_mapping: null,
    base_model_name_or_path: baseModel,
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: config.loraAlpha,
    lora_dropout: config.loraDropout,
    modules_to_save: ["classifier", "score"],
    peft_type: "LORA",
    r: config.r,
    rank_pattern: {},
    revision: null,
    target_modules: config.targetModules,
    task_type: "SEQ_CLS",
    use_dora: false,
    use_rslora: false,
  };
}
