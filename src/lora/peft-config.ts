import { isMissingFile } from "../base/files/open-regular-file";
import { readJsonObject } from "../base/files/parse-json-file";
import { Problems } from "../base/problems";
import { shownPath } from "../base/shown-path";
import { shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import {
  EVA_DEFAULTS,
  HEAD_MODULES,
  NAMED_INITIALIZATIONS,
  type EvaConfig,
  type ResolvedLoraConfig,
} from "./lora-config";
import { checkLayers, checkLength, checkPattern, checkPatterns, type LayerOptionNames } from "./resolve-lora-config";

/** Values of peft's keys that do not change what an adapter computes. Any other value is refused. */
const NEUTRAL: Record<string, readonly unknown[]> = {
  alora_invocation_tokens: [null],
  arrow_config: [null],
  fan_in_fan_out: [false],
  kasa_config: [null],
  layer_replication: [null],
  lora_bias: [false],
  megatron_config: [null],
  monteclora_config: [null],
  target_parameters: [null, []],
  trainable_token_indices: [null],
  use_bdlora: [null, false],
  use_qalora: [false],
  velora_config: [null],
};
const READ = [
  "alpha_pattern",
  "bias",
  "eva_config",
  "exclude_modules",
  "init_lora_weights",
  "layers_pattern",
  "layers_to_transform",
  "lora_alpha",
  "lora_dropout",
  "modules_to_save",
  "peft_type",
  "r",
  "rank_pattern",
  "target_modules",
  "task_type",
  "use_dora",
  "use_rslora",
];
/** Keys that do not change what a saved adapter computes. */
const INERT =
  /^(auto_mapping|base_model_name_or_path|corda_config|ensure_weight_tying|inference_mode|loftq_config|lora_ga_config|megatron_core|peft_version|qalora_group_size|revision|runtime_config)$/;
/** Initializations that do not change the base weight. They have no effect on an adapter whose A and B are read. */
const PLAIN_BEGINNINGS: readonly unknown[] = ["orthogonal"];

const LAYER_OPTIONS: LayerOptionNames = {
  targetModules: "target_modules",
  layersToTransform: "layers_to_transform",
  layersPattern: "layers_pattern",
};

/** An adapter's configuration, as read. */
export interface PeftConfig {
  readonly config: ResolvedLoraConfig;
  /** The base model that it was trained on: `base_model_name_or_path`. */
  readonly baseModel?: string;
  /** Keys that tslora does not know and ignored. */
  readonly unknownKeys: readonly string[];
}

/**
 * Reads peft's `adapter_config.json`.
 *
 * @throws TsloraError `not-found`, `bad-input` if the file is not an adapter_config.json, or `unsupported`, listing
 *   every value that has the wrong type or that tslora cannot compute.
 */
export async function readPeftConfig(path: string): Promise<PeftConfig> {
  try {
    return parsePeftConfig(await readJsonObject(path), shownPath(path));
  } catch (error) {
    if (!isMissingFile(error)) throw error;
    throw new TsloraError(
      "not-found",
      `An adapter's folder holds adapter_config.json and adapter_model.safetensors, as peft writes them; ${shownPath(path)} cannot be read: there is no such file.`,
      { cause: error },
    );
  }
}

/** Checks the content of an `adapter_config.json`; `where` names it in the error. */
export function parsePeftConfig(json: Record<string, unknown>, where: string): PeftConfig {
  const problems = new Problems(where);
  const { value, take, pattern } = fieldReader(json, problems);
  problems.expect(json.peft_type === "LORA", `peft_type must be "LORA"; got ${shownValue(json.peft_type)}`);
  const taskType = take<"SEQ_CLS" | null>(
    "task_type",
    null,
    `"SEQ_CLS" or null`,
    (found) => found === "SEQ_CLS" || found === null,
  );
  const saved = take<readonly string[]>("modules_to_save", [], "a list of names", isNames);
  const savedHolds = checkPatterns(saved, { option: "modules_to_save", use: "saved", problems });
  const config: ResolvedLoraConfig = {
    r: take("r", 8, "a whole number above 0", isRank),
    loraAlpha: take("lora_alpha", 8, "a number", isNumber),
    loraDropout: take("lora_dropout", 0, "a number in [0, 1)", (found) => isNumber(found) && found >= 0 && found < 1),
    targetModules: pattern("target_modules"),
    excludeModules: isEmpty(json.exclude_modules) ? undefined : pattern("exclude_modules"),
    modulesToSave: [...new Set([...(savedHolds ? saved : []), ...(taskType === "SEQ_CLS" ? HEAD_MODULES : [])])],
    bias: take<ResolvedLoraConfig["bias"]>(
      "bias",
      "none",
      `"none", "all" or "lora_only"`,
      (found) => found === "none" || found === "all" || found === "lora_only",
    ),
    useRslora: take("use_rslora", false, "true or false", isBoolean),
    useDora: take("use_dora", false, "true or false", isBoolean),
    rankPattern: checkPattern(value("rank_pattern", {}), {
      option: "rank_pattern",
      problems,
      expected: "a whole number above 0",
      holds: isRank,
    }),
    alphaPattern: checkPattern(value("alpha_pattern", {}), {
      option: "alpha_pattern",
      problems,
      expected: "a number",
      holds: isNumber,
    }),
    layersToTransform: isEmpty(json.layers_to_transform) ? undefined : (json.layers_to_transform as number | number[]),
    layersPattern: isEmpty(json.layers_pattern) ? undefined : (json.layers_pattern as string | string[]),
    initLoraWeights: beginning(value("init_lora_weights", true), problems),
    ...(json.init_lora_weights === "eva" && { evaConfig: evaConfigOf(json.eva_config) }),
    taskType,
  };
  checkLayers(config, { problems, names: LAYER_OPTIONS });
  checkNeutral(json, problems);
  problems.throwIfAny("unsupported");
  const base = json.base_model_name_or_path;
  return {
    config,
    ...(typeof base === "string" && base !== "" ? { baseModel: base } : {}),
    unknownKeys: Object.keys(json).filter(
      (key) => !READ.includes(key) && !Object.hasOwn(NEUTRAL, key) && !INERT.test(key),
    ),
  };
}

/** Reads the values of a configuration. */
interface FieldReader {
  /** The value, or `fallback` if there is none. */
  readonly value: (key: string, fallback: unknown) => unknown;
  /** The checked value, or `fallback` if the check fails. */
  readonly take: <T>(key: string, fallback: T, expected: string, holds: (found: unknown) => boolean) => T;
  /** A pattern or a list of names; an empty list if it is neither. */
  readonly pattern: (key: string) => string | readonly string[];
}

function fieldReader(json: Record<string, unknown>, problems: Problems): FieldReader {
  const value = (key: string, fallback: unknown): unknown => json[key] ?? fallback;
  return {
    value,
    take: <T>(key: string, fallback: T, expected: string, holds: (found: unknown) => boolean): T => {
      const found = value(key, fallback);
      const right = problems.expect(holds(found), `${key} must be ${expected}; got ${shownValue(found)}`);
      return right ? (found as T) : fallback;
    },
    pattern: (key) => {
      const found = value(key, null);
      const right = problems.expect(
        typeof found === "string" || isNames(found),
        `${key} must be a list of names or a pattern; got ${shownValue(found)}`,
      );
      if (!right) return [];
      if (typeof found !== "string")
        return checkLength(found as string[], { option: key, problems }) ? (found as string[]) : [];
      const isAll = found.toLowerCase() === "all-linear";
      return isAll || checkPatterns([found], { option: key, use: "target", problems }) ? found : [];
    },
  };
}

/** Reports every option of peft whose value changes what an adapter computes in a way that tslora does not support. */
function checkNeutral(json: Record<string, unknown>, problems: Problems): void {
  for (const [key, allowed] of Object.entries(NEUTRAL)) {
    const found = json[key] ?? allowed[0];
    problems.expect(
      allowed.some((v) => JSON.stringify(v) === JSON.stringify(found)),
      `${key} is ${shownValue(found)}, which tslora does not support`,
    );
  }
}

/**
 * Writes a configuration under peft's keys, in sorted order. Every version of peft since 0.9 reads this set of keys.
 */
export function toPeftConfig(config: ResolvedLoraConfig, baseModel: string): Record<string, unknown> {
  return {
    alpha_pattern: config.alphaPattern,
    auto_mapping: null,
    base_model_name_or_path: baseModel,
    bias: config.bias,
    eva_config: config.evaConfig === undefined ? undefined : toPeftEvaConfig(config.evaConfig),
    exclude_modules: config.excludeModules, // known to peft since 0.14; undefined is not written
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: config.initLoraWeights,
    layers_pattern: config.layersPattern ?? null,
    layers_to_transform: config.layersToTransform ?? null,
    lora_alpha: config.loraAlpha,
    lora_dropout: config.loraDropout,
    modules_to_save: config.modulesToSave.length === 0 ? null : config.modulesToSave,
    peft_type: "LORA",
    r: config.r,
    rank_pattern: config.rankPattern,
    revision: null,
    target_modules: config.targetModules,
    task_type: config.taskType,
    use_dora: config.useDora,
    use_rslora: config.useRslora,
  };
}

/** peft's options of EVA, which have no effect once A and B are read. Keeps the defaults of values of a wrong type. */
function evaConfigOf(found: unknown): Required<EvaConfig> {
  const given = typeof found === "object" && found !== null ? (found as Record<string, unknown>) : {};
  const number = (value: unknown, standard: number): number => (isNumber(value) ? value : standard);
  const truth = (value: unknown, standard: boolean): boolean => (isBoolean(value) ? value : standard);
  return {
    rho: number(given.rho, EVA_DEFAULTS.rho),
    tau: number(given.tau, EVA_DEFAULTS.tau),
    whiten: truth(given.whiten, EVA_DEFAULTS.whiten),
    adjustScalingFactors: truth(given.adjust_scaling_factors, EVA_DEFAULTS.adjustScalingFactors),
  };
}

/** With the label mask's defaults, which peft's EvaConfig has too. */
function toPeftEvaConfig({ rho, tau, whiten, adjustScalingFactors }: Required<EvaConfig>): Record<string, unknown> {
  return {
    rho,
    tau,
    use_label_mask: true,
    label_mask_value: -100,
    whiten,
    adjust_scaling_factors: adjustScalingFactors,
  };
}

/** Checks `init_lora_weights`, which matters only if it changed the base weight. */
function beginning(found: unknown, problems: Problems): ResolvedLoraConfig["initLoraWeights"] {
  if (PLAIN_BEGINNINGS.includes(found)) return true;
  const known = NAMED_INITIALIZATIONS.find((name) => name === found);
  if (typeof found === "boolean" || known !== undefined) return known ?? found === true;
  const why =
    typeof found === "string" && found.startsWith("pissa_niter_")
      ? 'peft, like tslora, would draw what it subtracts from the base weights again at each loading. In Python, save with path_initial_model_for_weight_conversion, or start from "pissa"'
      : "tslora does not support it";
  problems.expect(false, `init_lora_weights is ${shownValue(found)}: ${why}`);
  return true;
}

function isEmpty(found: unknown): boolean {
  return found === undefined || found === null || (Array.isArray(found) && found.length === 0);
}

function isNames(found: unknown): found is string[] {
  return Array.isArray(found) && found.every((name) => typeof name === "string" && name !== "");
}

function isRank(found: unknown): boolean {
  return typeof found === "number" && Number.isInteger(found) && found > 0;
}

/** Whether a number can scale an update without overflow of 32-bit floats. */
function isNumber(found: unknown): found is number {
  return typeof found === "number" && Math.abs(found) <= 1e9;
}

function isBoolean(found: unknown): found is boolean {
  return typeof found === "boolean";
}
