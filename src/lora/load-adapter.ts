import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { Problems } from "../base/problems";
import { TsloraError } from "../base/tslora-error";
import type { ClassificationModel } from "../model/classification-model";
import { openSafetensors } from "../model/read-safetensors";
import { attachAdapter, headModules, PEFT_PREFIX, targetedLinears, type Adapter } from "./adapter";
import type { ResolvedLoraConfig } from "./lora-config";

/** An adapter as read. */
export interface LoadedAdapter {
  readonly adapter: Adapter;
  /** Keys of adapter_config.json that tslora does not know and passed over. */
  readonly unknownKeys: readonly string[];
}

/** Values of peft's keys under which this reader's adapter is the same as peft's; any other is refused. */
const NEUTRAL: Record<string, readonly unknown[]> = {
  alpha_pattern: [{}],
  bias: ["none"],
  exclude_modules: [null],
  fan_in_fan_out: [false],
  layer_replication: [null],
  layers_pattern: [null],
  layers_to_transform: [null],
  lora_bias: [false],
  megatron_config: [null],
  rank_pattern: [{}],
  target_parameters: [null],
  trainable_token_indices: [null],
  use_bdlora: [null, false],
  use_dora: [false],
  use_qalora: [false],
  use_rslora: [false],
};
const READ = ["lora_alpha", "lora_dropout", "peft_type", "r", "target_modules", "task_type", "modules_to_save"];
/** Keys that say how an adapter came to be, not what it computes. */
const INERT =
  /^(alora_invocation_tokens|arrow_config|auto_mapping|base_model_name_or_path|corda_config|ensure_weight_tying|eva_config|inference_mode|init_lora_weights|kasa_config|loftq_config|lora_ga_config|megatron_core|monteclora_config|peft_version|qalora_group_size|revision|runtime_config|velora_config)$/;

/**
 * Reads an adapter in peft's format and puts it on a model, in the place of the head's weights and of nothing else.
 * Everything is checked before the model is touched.
 *
 * @throws TsloraError naming every missing, unexpected or mis-shaped tensor and every option that is not supported.
 */
export async function loadAdapter(model: ClassificationModel, options: { directory: string }): Promise<LoadedAdapter> {
  const { directory } = options;
  const { config, unknownKeys } = await readPeftConfig(join(directory, "adapter_config.json"));
  const file = await openSafetensors(join(directory, "adapter_model.safetensors"));
  try {
    const targets = targetedLinears(model, config);
    const head = headModules(model);
    const expected = new Map<string, readonly number[]>();
    for (const { module, inFeatures, outFeatures } of targets) {
      expected.set(`${PEFT_PREFIX}${module}.lora_A.weight`, [config.r, inFeatures]).set(`${PEFT_PREFIX}${module}.lora_B.weight`, [outFeatures, config.r]);
    }
    for (const { weight, bias } of head) for (const { name, shape } of [weight, bias]) expected.set(`${PEFT_PREFIX}${name}`, shape);
    const problems = new Problems(`The adapter ${file.path} does not fit the model`);
    for (const [name, shape] of expected) {
      const found = file.entries.get(name)?.shape;
      problems.expect(found !== undefined, `"${name}" of shape [${shape.join(", ")}] is missing`);
      if (found !== undefined) problems.expect(found.join() === shape.join(), `"${name}" has the shape [${found.join(", ")}]; [${shape.join(", ")}] was expected`);
    }
    for (const name of file.entries.keys()) problems.expect(expected.has(name), `"${name}" is unexpected`);
    problems.throwIfAny("bad-input");

    const values = new Map<string, Float32Array>();
    for (const name of expected.keys()) values.set(name, await file.readFloats(name));
    const take = (name: string): Float32Array => values.get(name) ?? new Float32Array();
    for (const { weight, bias } of head) for (const parameter of [weight, bias]) parameter.assign(model.ops.float(take(`${PEFT_PREFIX}${parameter.name}`), parameter.shape));
    const adapter = attachAdapter(model, { config, weights: ({ module }) => ({ a: take(`${PEFT_PREFIX}${module}.lora_A.weight`), b: take(`${PEFT_PREFIX}${module}.lora_B.weight`) }) });
    return { adapter, unknownKeys };
  } finally {
    await file.close();
  }
}

async function readPeftConfig(path: string): Promise<{ config: ResolvedLoraConfig; unknownKeys: string[] }> {
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
  } catch (error) {
    throw new TsloraError("not-found", `An adapter's folder holds adapter_config.json and adapter_model.safetensors, as peft writes them; ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const problems = new Problems(path);
  problems.expect(json.peft_type === "LORA", `peft_type is to be "LORA"; it is ${JSON.stringify(json.peft_type)}`);
  const r = json.r ?? 8;
  const loraAlpha = json.lora_alpha ?? 8;
  const loraDropout = json.lora_dropout ?? 0;
  const targetModules = json.target_modules;
  problems.expect(typeof r === "number" && Number.isInteger(r) && r > 0, `r is to be a whole number above 0; it is ${JSON.stringify(r)}`);
  problems.expect(typeof loraAlpha === "number" && Number.isFinite(loraAlpha), `lora_alpha is to be a number; it is ${JSON.stringify(loraAlpha)}`);
  problems.expect(typeof loraDropout === "number" && loraDropout >= 0 && loraDropout < 1, `lora_dropout is to be a number in [0, 1); it is ${JSON.stringify(loraDropout)}`);
  problems.expect(typeof targetModules === "string" || (Array.isArray(targetModules) && targetModules.every((name) => typeof name === "string")), `target_modules is to be a list of names or a pattern; it is ${JSON.stringify(targetModules)}`);
  for (const [key, allowed] of Object.entries(NEUTRAL)) {
    const value = json[key];
    problems.expect(value === undefined || value === null || allowed.some((v) => JSON.stringify(v) === JSON.stringify(value)), `${key} is ${JSON.stringify(value)}, which tslora does not support yet`);
  }
  problems.throwIfAny("unsupported");
  const unknownKeys = Object.keys(json).filter((key) => !READ.includes(key) && !(key in NEUTRAL) && !INERT.test(key));
  return { config: { r, loraAlpha, loraDropout, targetModules } as ResolvedLoraConfig, unknownKeys };
}
