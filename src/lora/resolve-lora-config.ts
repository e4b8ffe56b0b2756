import type { Problems } from "../base/problems";
import { HEAD_MODULES, type LoraConfig, type ResolvedLoraConfig } from "./lora-config";
import { patternFault } from "./python-pattern";

/** What stands for a pattern that is none, once that has been told. */
export const NOTHING = "(?!)";

const KNOWN = ["r", "loraAlpha", "loraDropout", "targetModules", "excludeModules", "modulesToSave", "bias", "useRslora", "useDora", "rankPattern", "alphaPattern", "layersToTransform", "layersPattern", "initLoraWeights"];

/**
 * Fills in the defaults and checks every value by itself; `planAdapter` checks them against the model's layers.
 *
 * @param config - what the user asked for
 * @param options.modelType - decides what "auto" and "all-linear" name
 * @param options.problems - gathers what is wrong; the caller throws
 * @returns the configuration; what is wrong in it is replaced, so that the rest can be checked further
 */
export function resolveLoraConfig(config: LoraConfig, options: { modelType: string; hiddenSize: number; problems: Problems }): ResolvedLoraConfig {
  const { modelType, hiddenSize, problems } = options;
  const r = config.r ?? 8;
  const resolved: ResolvedLoraConfig = {
    r,
    loraAlpha: config.loraAlpha ?? 2 * r,
    loraDropout: config.loraDropout ?? 0.1,
    targetModules: targets(config.targetModules ?? "auto", { modelType, problems }),
    excludeModules: config.excludeModules === undefined ? undefined : namesOrPattern(config.excludeModules, { option: "excludeModules", problems }),
    modulesToSave: [...new Set([...(names(config.modulesToSave ?? [], { option: "modulesToSave", problems }) ?? []), ...HEAD_MODULES])],
    bias: config.bias ?? "none",
    useRslora: config.useRslora ?? false,
    useDora: config.useDora ?? false,
    rankPattern: config.rankPattern ?? {},
    alphaPattern: config.alphaPattern ?? {},
    layersToTransform: config.layersToTransform,
    layersPattern: config.layersPattern,
    initLoraWeights: config.initLoraWeights ?? true,
    taskType: "SEQ_CLS",
  };
  for (const name of Object.keys(config)) problems.expect(KNOWN.includes(name), `"${name}" is not an option of LoraConfig here; known are ${KNOWN.join(", ")}`);
  const rank = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= hiddenSize;
  problems.expect(rank(r), `r is to be a whole number from 1 to the model's width, ${hiddenSize}; ${String(r)} came`);
  problems.expect(isPositive(resolved.loraAlpha), `loraAlpha is to be a number above 0; ${String(resolved.loraAlpha)} came`);
  problems.expect(typeof resolved.loraDropout === "number" && resolved.loraDropout >= 0 && resolved.loraDropout < 1, `loraDropout is to be a number in [0, 1); ${String(resolved.loraDropout)} came`);
  checkChoices(resolved, problems);
  const rankPattern = checkPattern(resolved.rankPattern, { option: "rankPattern", problems, expected: `a whole number from 1 to ${hiddenSize}`, holds: rank });
  const alphaPattern = checkPattern(resolved.alphaPattern, { option: "alphaPattern", problems, expected: "a number above 0", holds: isPositive });
  const layersAreRight = checkLayers(resolved, problems);
  return { ...resolved, rankPattern, alphaPattern, ...(layersAreRight ? {} : { layersToTransform: undefined, layersPattern: undefined }) };
}

function checkChoices({ bias, useRslora, useDora, initLoraWeights }: ResolvedLoraConfig, problems: Problems): void {
  problems.expect(["none", "all", "lora_only"].includes(bias), `bias is to be "none", "all" or "lora_only"; ${JSON.stringify(bias)} came`);
  for (const [option, value] of Object.entries({ useRslora, useDora })) problems.expect(typeof value === "boolean", `${option} is to be true or false; ${JSON.stringify(value)} came`);
  const initial: readonly unknown[] = [true, false, "gaussian", "pissa", "olora"];
  const niter = String(initLoraWeights).startsWith("pissa_niter_") ? ' ("pissa" finds the same, exactly)' : "";
  problems.expect(initial.includes(initLoraWeights), `initLoraWeights is to be true, false, "gaussian", "pissa" or "olora"; ${JSON.stringify(initLoraWeights)} came${niter}`);
}

/** What peft demands of a pattern's entries: keys that are patterns, values of the right kind. Returns those that are so. */
export function checkPattern(patterns: unknown, options: { option: string; problems: Problems; expected: string; holds: (value: unknown) => boolean }): Record<string, number> {
  const { option, problems, expected, holds } = options;
  const isRecord = typeof patterns === "object" && patterns !== null && !Array.isArray(patterns);
  problems.expect(isRecord, `${option} is to be a record of patterns and numbers; ${JSON.stringify(patterns)} came`);
  const right = Object.entries(isRecord ? patterns : {}).filter(([key, value]) => {
    const fault = patternFault(key);
    const isPattern = problems.expect(fault === undefined, `${option}: "${key}" is not a regular expression: ${fault ?? ""}`);
    return problems.expect(holds(value), `${option}: "${key}" is to be ${expected}; ${JSON.stringify(value)} came`) && isPattern;
  });
  return Object.fromEntries(right);
}

/** What peft demands of `layersToTransform` and `layersPattern` together. Returns whether they are of the right types. */
export function checkLayers({ targetModules, layersToTransform, layersPattern }: Pick<ResolvedLoraConfig, "targetModules" | "layersToTransform" | "layersPattern">, problems: Problems): boolean {
  const before = problems.count;
  const numbers = typeof layersToTransform === "number" ? [layersToTransform] : (layersToTransform ?? []);
  problems.expect(Array.isArray(numbers) && numbers.every((n) => Number.isInteger(n) && n >= 0), `layersToTransform is to be a layer's number or a list of them, from 0; ${JSON.stringify(layersToTransform)} came`);
  const patterns = typeof layersPattern === "string" ? [layersPattern] : (layersPattern ?? []);
  if (problems.expect(Array.isArray(patterns) && patterns.every((p) => typeof p === "string" && p !== ""), `layersPattern is to be a name or a list of names; ${JSON.stringify(layersPattern)} came`)) {
    for (const pattern of patterns) problems.expect(patternFault(pattern) === undefined, `layersPattern: "${pattern}" is not a regular expression: ${patternFault(pattern) ?? ""}`);
  }
  const right = problems.count === before;
  const isPattern = typeof targetModules === "string";
  problems.expect(!(isPattern && layersToTransform !== undefined), "layersToTransform goes with a list of names for targetModules, not with a pattern; put the layers' numbers into the pattern");
  problems.expect(!(isPattern && layersPattern !== undefined), "layersPattern goes with a list of names for targetModules, not with a pattern");
  problems.expect(layersPattern === undefined || patterns.length === 0 || layersToTransform !== undefined, "layersPattern needs layersToTransform beside it");
  return right;
}

function targets(given: NonNullable<LoraConfig["targetModules"]>, options: { modelType: string; problems: Problems }): readonly string[] | string {
  const distil = options.modelType === "distilbert";
  if (given === "auto") return distil ? ["q_lin", "v_lin"] : ["query", "value"];
  if (given === "all-linear") return distil ? ["q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"] : ["query", "key", "value", "dense"];
  const { problems } = options;
  return namesOrPattern(given, { option: "targetModules", problems });
}

function namesOrPattern(given: readonly string[] | RegExp | string, { option, problems }: { option: string; problems: Problems }): readonly string[] | string {
  if (given instanceof RegExp) {
    const { source, flags } = given;
    problems.expect(!/[ims]/.test(flags), `${option}: the flags of /${source}/${flags} cannot be written into an adapter's file; spell out what they stand for`);
    problems.expect(!/\\[pPkcuU]|\(\?<(?![=!])/.test(source), `${option}: Python, which reads an adapter's file, does not know all of /${source}/ (named groups, \\p, \\k, \\c or \\u)`);
    return source.replace(/^\^/, "").replace(/\$$/, "");
  }
  if (typeof given === "string") {
    const fault = patternFault(given);
    problems.expect(fault === undefined, `${option} is not a regular expression: ${fault ?? ""}`);
    return fault === undefined ? given : NOTHING;
  }
  const right = names(given, { option, problems });
  return right === undefined ? NOTHING : right;
}

function names(given: readonly string[], { option, problems }: { option: string; problems: Problems }): readonly string[] | undefined {
  const right = problems.expect(Array.isArray(given) && given.every((name) => typeof name === "string" && name !== ""), `${option} is to be a list of names${option === "modulesToSave" ? "" : " or a pattern"}; ${JSON.stringify(given)} came`);
  if (!right) return undefined;
  if (option !== "modulesToSave") return given;
  return given.filter((name) => problems.expect(patternFault(name) === undefined, `${option}: peft reads names as patterns, and "${name}" is none: ${patternFault(name) ?? ""}`));
}

function isPositive(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value > 0;
}
