import type { Problems } from "../base/problems";
import { shownValue } from "../base/shown-value";
import { architectureOf } from "../model/architectures/index";
import { checkEvaConfig } from "./eva/check-eva-config";
import {
  EVA_DEFAULTS,
  HEAD_MODULES,
  LORA_ALPHA_PER_R,
  LORA_BIASES,
  LORA_DEFAULTS,
  NAMED_INITIALIZATIONS,
  type LoraConfig,
  type ResolvedLoraConfig,
} from "./lora-config";
import { needsExpression, patternFault, patternSize, type PatternUse } from "./patterns/python-pattern";

/** Placeholder for an invalid pattern that was already reported. */
export const INVALID_PATTERN = "(?!)";

/** The names of the options of {@link LoraConfig}. */
export const LORA_OPTION_NAMES: readonly string[] = Object.keys({
  r: true,
  loraAlpha: true,
  loraDropout: true,
  targetModules: true,
  excludeModules: true,
  modulesToSave: true,
  bias: true,
  useRslora: true,
  useDora: true,
  rankPattern: true,
  alphaPattern: true,
  layersToTransform: true,
  layersPattern: true,
  initLoraWeights: true,
  evaConfig: true,
} satisfies Record<keyof LoraConfig, true>);

/**
 * Fills in defaults and checks each value by itself. `planAdapter` then checks the values against the model's layers.
 *
 * @param config - the user's options
 * @param options.modelType - decides which modules "auto" and "all-linear" name
 * @param options.problems - collects the errors; the caller throws
 * @returns the configuration, with placeholders for invalid values, so that the other values can still be checked
 */
export function resolveLoraConfig(
  config: LoraConfig,
  options: { modelType: string; hiddenSize: number; problems: Problems },
): ResolvedLoraConfig {
  const { hiddenSize, problems } = options;
  const resolved = fillIn(config, options);
  for (const name of Object.keys(config))
    problems.expect(
      LORA_OPTION_NAMES.includes(name),
      `"${name}" is not an option of LoraConfig here; known are ${LORA_OPTION_NAMES.join(", ")}`,
    );
  const isRank = (value: unknown): boolean =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= hiddenSize;
  const { r, loraAlpha, loraDropout } = resolved;
  problems.expect(isRank(r), `r must be a whole number from 1 to the model's width, ${hiddenSize}; got ${String(r)}`);
  problems.expect(isPositive(loraAlpha), `loraAlpha must be a number above 0; got ${String(loraAlpha)}`);
  problems.expect(
    typeof loraDropout === "number" && loraDropout >= 0 && loraDropout < 1,
    `loraDropout must be a number in [0, 1); got ${String(loraDropout)}`,
  );
  checkChoices(resolved, problems);
  checkEvaConfig(config, { resolved, problems });
  const rankPattern = checkPattern(resolved.rankPattern, {
    option: "rankPattern",
    problems,
    expected: `a whole number from 1 to ${hiddenSize}`,
    holds: isRank,
  });
  const alphaPattern = checkPattern(resolved.alphaPattern, {
    option: "alphaPattern",
    problems,
    expected: "a number above 0",
    holds: isPositive,
  });
  const layersAreRight = checkLayers(resolved, { problems });
  return {
    ...resolved,
    rankPattern,
    alphaPattern,
    ...(layersAreRight ? {} : { layersToTransform: undefined, layersPattern: undefined }),
  };
}

/** Sets every value: the given one or the default. */
function fillIn(config: LoraConfig, options: { modelType: string; problems: Problems }): ResolvedLoraConfig {
  const { modelType, problems } = options;
  const r = config.r ?? LORA_DEFAULTS.r;
  return {
    r,
    loraAlpha: config.loraAlpha ?? LORA_ALPHA_PER_R * r,
    loraDropout: config.loraDropout ?? LORA_DEFAULTS.loraDropout,
    targetModules: targets(config.targetModules ?? LORA_DEFAULTS.targetModules, { modelType, problems }),
    excludeModules:
      config.excludeModules === undefined
        ? undefined
        : namesOrPattern(config.excludeModules, { option: "excludeModules", problems }),
    modulesToSave: [
      ...new Set([
        ...(names(config.modulesToSave ?? [], { option: "modulesToSave", problems }) ?? []),
        ...HEAD_MODULES,
      ]),
    ],
    bias: config.bias ?? LORA_DEFAULTS.bias,
    useRslora: config.useRslora ?? LORA_DEFAULTS.useRslora,
    useDora: config.useDora ?? LORA_DEFAULTS.useDora,
    rankPattern: config.rankPattern ?? {},
    alphaPattern: config.alphaPattern ?? {},
    layersToTransform: config.layersToTransform,
    layersPattern: config.layersPattern,
    initLoraWeights: config.initLoraWeights ?? LORA_DEFAULTS.initLoraWeights,
    ...(config.initLoraWeights === "eva" && { evaConfig: { ...EVA_DEFAULTS, ...config.evaConfig } }),
    taskType: "SEQ_CLS",
  };
}

function checkChoices({ bias, useRslora, useDora, initLoraWeights }: ResolvedLoraConfig, problems: Problems): void {
  problems.expect(LORA_BIASES.includes(bias), `bias must be ${wordList(LORA_BIASES)}; got ${shownValue(bias)}`);
  for (const [option, value] of Object.entries({ useRslora, useDora }))
    problems.expect(typeof value === "boolean", `${option} must be true or false; got ${shownValue(value)}`);
  const initial: readonly unknown[] = [true, false, ...NAMED_INITIALIZATIONS];
  const niter = String(initLoraWeights).startsWith("pissa_niter_") ? ' ("pissa" finds the same, exactly)' : "";
  problems.expect(
    initial.includes(initLoraWeights),
    `initLoraWeights must be ${wordList(initial)}; got ${shownValue(initLoraWeights)}${niter}`,
  );
}

/** Lists values in a sentence: `true, "all" or "none"`. */
function wordList(values: readonly unknown[]): string {
  const words = values.map((value) => JSON.stringify(value));
  return `${words.slice(0, -1).join(", ")} or ${words[words.length - 1]}`;
}

/** Checks entries as peft does: keys are patterns, values are of the right kind. Returns the valid entries. */
export function checkPattern(
  patterns: unknown,
  options: { option: string; problems: Problems; expected: string; holds: (value: unknown) => boolean },
): Record<string, number> {
  const { option, problems, expected, holds } = options;
  const isRecord = typeof patterns === "object" && patterns !== null && !Array.isArray(patterns);
  problems.expect(isRecord, `${option} must be a record of patterns and numbers; got ${shownValue(patterns)}`);
  const entries = Object.entries(isRecord ? patterns : {});
  if (
    !checkWork(
      entries.map(([key]) => key),
      { option, use: "key", problems },
    )
  )
    return {};
  const right = entries.filter(([key, value]) => {
    const isPattern = checkPatterns([key], { option, use: "key", problems });
    return (
      problems.expect(holds(value), `${option}: ${shownValue(key)} must be ${expected}; got ${shownValue(value)}`) &&
      isPattern
    );
  });
  return Object.fromEntries(right);
}

/**
 * Limits of one option: the steps that all its patterns take per character of a name, the number of entries, and of
 * those among them that are not plain names. The expressions of all options together are remembered while modules are
 * matched.
 */
const MOST_WORK = 100_000;
const MOST_ENTRIES = 10_000;
const MOST_EXPRESSIONS = 200;

/** Reports every entry that is not a valid pattern, and patterns that together would take too long. */
export function checkPatterns(
  entries: readonly string[],
  options: { option: string; use: PatternUse; problems: Problems },
): boolean {
  const { option, use, problems } = options;
  if (!checkWork(entries, options)) return false;
  const before = problems.count;
  for (const entry of entries) {
    const fault = patternFault(entry, use);
    problems.expect(fault === undefined, `${option}: ${shownValue(entry)} ${fault ?? ""}`);
  }
  return problems.count === before;
}

function checkWork(
  entries: readonly string[],
  { option, use, problems }: { option: string; use: PatternUse; problems: Problems },
): boolean {
  if (
    !problems.expect(
      entries.length <= MOST_ENTRIES,
      `${option} must have at most ${MOST_ENTRIES} entries; got ${entries.length}`,
    )
  )
    return false;
  const work = entries.reduce((sum, entry) => sum + patternSize(entry, use), 0);
  const expressions = entries.filter((entry) => needsExpression(entry, use)).length;
  return (
    problems.expect(
      work <= MOST_WORK,
      `${option}: its patterns together must take at most ${MOST_WORK} steps; they take ${work}`,
    ) &&
    problems.expect(
      expressions <= MOST_EXPRESSIONS,
      `${option} must have at most ${MOST_EXPRESSIONS} entries that are not plain names; got ${expressions}`,
    )
  );
}

/** Reports a list with too many entries. */
export function checkLength(
  entries: readonly unknown[],
  { option, problems }: { option: string; problems: Problems },
): boolean {
  return problems.expect(
    entries.length <= MOST_ENTRIES,
    `${option} must have at most ${MOST_ENTRIES} entries; got ${entries.length}`,
  );
}

/** Names of the options that select layers, for messages. */
export interface LayerOptionNames {
  readonly targetModules: string;
  readonly layersToTransform: string;
  readonly layersPattern: string;
}

const OWN_NAMES: LayerOptionNames = {
  targetModules: "targetModules",
  layersToTransform: "layersToTransform",
  layersPattern: "layersPattern",
};

/**
 * Checks `layersToTransform` and `layersPattern` together, as peft does. Returns whether both have valid types.
 *
 * @param options.names - the options' names in messages. @default those of {@link LoraConfig}
 */
export function checkLayers(
  {
    targetModules,
    layersToTransform,
    layersPattern,
  }: Pick<ResolvedLoraConfig, "targetModules" | "layersToTransform" | "layersPattern">,
  { problems, names: named = OWN_NAMES }: { problems: Problems; names?: LayerOptionNames },
): boolean {
  const before = problems.count;
  const numbers = typeof layersToTransform === "number" ? [layersToTransform] : (layersToTransform ?? []);
  problems.expect(
    Array.isArray(numbers) && numbers.every((n) => Number.isInteger(n) && n >= 0),
    `${named.layersToTransform} must be a layer's number or a list of them, from 0; got ${shownValue(layersToTransform)}`,
  );
  const patterns = typeof layersPattern === "string" ? [layersPattern] : (layersPattern ?? []);
  if (
    problems.expect(
      Array.isArray(patterns) && patterns.every((p) => typeof p === "string" && p !== ""),
      `${named.layersPattern} must be a name or a list of names; got ${shownValue(layersPattern)}`,
    )
  ) {
    checkPatterns(patterns, { option: named.layersPattern, use: "layers", problems });
  }
  const right = problems.count === before;
  const isPattern = typeof targetModules === "string";
  problems.expect(
    !(isPattern && layersToTransform !== undefined),
    `${named.layersToTransform} needs a list of names for ${named.targetModules}; got a pattern. Put the layers' numbers into the pattern`,
  );
  problems.expect(
    !(isPattern && layersPattern !== undefined),
    `${named.layersPattern} needs a list of names for ${named.targetModules}; got a pattern`,
  );
  problems.expect(
    layersPattern === undefined || patterns.length === 0 || layersToTransform !== undefined,
    `${named.layersPattern} needs ${named.layersToTransform} too`,
  );
  return right;
}

function targets(
  given: NonNullable<LoraConfig["targetModules"]>,
  options: { modelType: string; problems: Problems },
): readonly string[] | string {
  const { auto, allLinear } = architectureOf(options.modelType).targetModules;
  if (given === "auto") return auto;
  if (typeof given === "string" && given.toLowerCase() === "all-linear") return allLinear;
  const { problems } = options;
  return namesOrPattern(given, { option: "targetModules", problems });
}

function namesOrPattern(
  given: readonly string[] | RegExp | string,
  { option, problems }: { option: string; problems: Problems },
): readonly string[] | string {
  if (given instanceof RegExp) {
    const { source, flags } = given;
    problems.expect(
      !flags.includes("v"),
      `${option}: Python, which reads an adapter's file, does not know the flag v of /${source}/${flags}`,
    );
    const python = flags.replace(/[^ims]/g, ""); // the other flags have no effect here
    const written = `${python === "" ? "" : `(?${python})`}${source.replace(/^\^/, "").replace(/\$$/, "")}`;
    return checkPatterns([written], { option, use: "target", problems }) ? written : INVALID_PATTERN;
  }
  if (typeof given === "string")
    return checkPatterns([given], { option, use: "target", problems }) ? given : INVALID_PATTERN;
  const right = names(given, { option, problems });
  return right === undefined ? INVALID_PATTERN : right;
}

function names(
  given: readonly string[],
  { option, problems }: { option: string; problems: Problems },
): readonly string[] | undefined {
  const right = problems.expect(
    Array.isArray(given) && given.every((name) => typeof name === "string" && name !== ""),
    `${option} must be a list of names${option === "modulesToSave" ? "" : " or a pattern"}; got ${shownValue(given)}`,
  );
  if (!right || !checkLength(given, { option, problems })) return undefined;
  if (option !== "modulesToSave") return given;
  return checkPatterns(given, { option, use: "saved", problems }) ? given : []; // peft reads these names as patterns
}

function isPositive(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value > 0;
}
