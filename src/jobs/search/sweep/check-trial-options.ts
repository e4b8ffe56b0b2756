import { isRecord } from "../../../base/json";
import { Problems } from "../../../base/problems";
import { TsloraError } from "../../../base/tslora-error";
import type { TrainingMethod } from "../../../classifier/training-method";
import type { LoraConfig } from "../../../lora/lora-config";
import { LORA_OPTION_NAMES, resolveLoraConfig } from "../../../lora/resolve-lora-config";
import type { EncoderConfig, ProblemType } from "../../../model/encoder-config";
import { resolveTrainOptions } from "../../../training/options/resolve-train-options";
import { TRAIN_OPTION_NAMES } from "../../../training/options/train-option-table";
import { isActive, type SearchSpace, type Settings, type SettingValue } from "../space/search-space";
import { distributionOf } from "../space/distribution";
import { TRIAL_OPTIONS, type SweepOptions } from "./sweep-options";

/** Options of one trial: the shared ones, with the trial's settings. */
export function trialOptions(
  { adapter = {}, training = {} }: Pick<SweepOptions, "adapter" | "training">,
  settings: Settings,
): { readonly adapter: LoraConfig; readonly training: NonNullable<SweepOptions["training"]> } {
  const of = (adapters: boolean): [string, SettingValue][] =>
    Object.entries(settings).filter(([name]) => LORA_OPTION_NAMES.includes(name) === adapters);
  return {
    adapter: { ...adapter, ...Object.fromEntries(of(true)) },
    training: { ...training, ...Object.fromEntries(of(false)) },
  };
}

/** Refuses names that are no options, and options that a sweep sets itself. */
export function checkSettingNames(
  { space, adapter = {}, training = {} }: Pick<SweepOptions, "space" | "adapter" | "training">,
  { problems, method }: { problems: Problems; method: string },
): void {
  const ofTraining: readonly string[] = TRAIN_OPTION_NAMES;
  const free = ofTraining.filter((name) => !TRIAL_OPTIONS.includes(name));
  for (const name of Object.keys(isRecord(space) ? space : {})) {
    const isAdapter = LORA_OPTION_NAMES.includes(name);
    problems.expect(
      isAdapter || free.includes(name),
      `space.${name} must be ${TRIAL_OPTIONS.includes(name) ? "left out: a sweep sets it itself" : `an option of an adapter (${LORA_OPTION_NAMES.join(", ")}) or of training (${free.join(", ")})`}`,
    );
    problems.expect(
      !isAdapter || method === "lora",
      `space.${name} is an option of an adapter; the method is ${method}`,
    );
  }
  for (const name of Object.keys(training))
    problems.expect(!TRIAL_OPTIONS.includes(name), `training.${name} must be left out: a sweep sets it itself`);
  problems.expect(
    Object.keys(adapter).length === 0 || method === "lora",
    `adapter must be left out; the method is ${method}`,
  );
}

/**
 * Checks the options that trials will have: for each setting its lowest and highest value or every choice, with the
 * first values of the others.
 */
export function checkTrialOptions(
  options: Pick<SweepOptions, "space" | "adapter" | "training" | "labels">,
  {
    problems,
    method,
    problemType,
    config,
  }: { problems: Problems; method: TrainingMethod; problemType: ProblemType; config: EncoderConfig },
): void {
  const found = new Set<string>();
  const add = (list: readonly string[]): void => list.forEach((one) => found.add(one));
  for (const settings of cornersOf(options.space)) {
    const { adapter, training } = trialOptions(options, settings);
    add(
      problemsOf(() => {
        resolveTrainOptions(
          { ...training, train: [], validation: [], outputDir: "trial" },
          {
            method,
            problemType,
            numLabels: options.labels.length,
          },
        );
      }),
    );
    if (method === "lora") add(problemsOf(() => checkLora(adapter, config)));
  }
  for (const problem of found) problems.expect(false, problem);
}

function checkLora(adapter: LoraConfig, config: EncoderConfig): void {
  const problems = new Problems("adapter");
  resolveLoraConfig(adapter, { ...config, problems });
  problems.throwIfAny();
}

/** Settings at the ends of every range. */
function cornersOf(space: SearchSpace): Settings[] {
  const ends = (name: string): readonly SettingValue[] => {
    const distribution = distributionOf(space[name]);
    return distribution.kind === "categorical" ? distribution.choices : [distribution.low, distribution.high];
  };
  return Object.keys(space).flatMap((varied) =>
    ends(varied).map((value) => {
      const settings: Record<string, SettingValue> = {};
      for (const [name, range] of Object.entries(space))
        if (isActive(range, settings)) settings[name] = name === varied ? value : ends(name)[0];
      return settings;
    }),
  );
}

function problemsOf(check: () => void): readonly string[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof TsloraError)) throw error;
    return Array.isArray(error.details.problems) ? (error.details.problems as readonly string[]) : [error.message];
  }
}
