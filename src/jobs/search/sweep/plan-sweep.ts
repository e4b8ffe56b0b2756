import { join, resolve } from "node:path";

import { canonicalJson } from "../../../base/canonical-json";
import { DEFAULT_SEED } from "../../../base/default-seed";
import { expandHome } from "../../../base/files/expand-home";
import { outputFolder } from "../../../base/files/output-folder";
import type { JsonValue } from "../../../base/json";
import { Problems } from "../../../base/problems";
import { shownValue } from "../../../base/shown-value";
import type { TrainingMethod } from "../../../classifier/training-method";
import { folderHash } from "../../../hub/folder-hash";
import { resolveModel, type ResolvedModel } from "../../../hub/resolve-model";
import { readEncoderConfig } from "../../../model/encoder-config";
import { METRIC_NAMES, MULTI_LABEL_METRICS, type MetricName } from "../../../training/options/train-options";
import { examplesOf } from "../../../training/data/training-examples";
import { isTextPair, type TextInput } from "../../../base/text-input";
import { checkPruner } from "../pruner/check-pruner";
import type { PrunerOptions } from "../pruner/pruner-options";
import { checkSampler } from "../samplers/make-sampler";
import type { SamplerOptions } from "../samplers/sampler";
import { checkSpace } from "../space/check-space";
import type { TrialText } from "../trial/trial-texts";
import { checkSettingNames, checkTrialOptions } from "./check-trial-options";
import type { SweepOptions } from "./sweep-options";

/** Names of sweeps: they are part of jobs' names. */
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}$/;

/** A sweep whose options are checked and whose inputs are read. */
export interface SweepPlan {
  readonly name: string;
  readonly outputDir: string;
  readonly model: ResolvedModel;
  readonly modelSha256: string;
  readonly texts: {
    readonly train: readonly TrialText[];
    readonly validation: readonly TrialText[];
    readonly test: readonly TrialText[] | undefined;
  };
  readonly problemType: "single_label_classification" | "multi_label_classification";
  readonly method: TrainingMethod;
  readonly sampler: SamplerOptions;
  readonly pruner: PrunerOptions;
  readonly metric: MetricName;
  readonly direction: "maximize" | "minimize";
  readonly seeds: readonly number[];
  readonly seed: number;
  readonly winnerSeeds: readonly number[];
}

/**
 * Fills in defaults and checks everything, the shared options and the ends of every range included, before anything is
 * written.
 *
 * @throws TsloraError `bad-option` that lists all problems; errors of the model and the texts.
 */
export async function planSweep(options: SweepOptions): Promise<SweepPlan> {
  const { problemType = "single_label_classification", method = "lora", labels, name = "sweep" } = options;
  const { metric = "accuracy", seeds = [DEFAULT_SEED], seed = DEFAULT_SEED, winnerSeeds = 5 } = options;
  const sampler = options.sampler ?? { name: "tpe" };
  const pruner = options.pruner ?? { name: "none" };
  const problems = new Problems("sweep");
  problems.expect(
    typeof name === "string" && NAME.test(name),
    `name must have 1 to 80 letters, digits, "-", "_" and "."; got ${shownValue(name)}`,
  );
  checkSpace(options.space, { problems });
  checkSettingNames(options, { problems, method });
  checkSampler(sampler, { problems, space: options.space });
  checkPruner(pruner, { problems });
  checkNumbers({ ...options, seeds, seed, winnerSeeds }, problems);
  const metrics: readonly string[] = problemType === "multi_label_classification" ? MULTI_LABEL_METRICS : METRIC_NAMES;
  problems.expect(metrics.includes(metric), `metric must be one of ${metrics.join(", ")}; got ${shownValue(metric)}`);
  const better = metric === "loss" ? "minimize" : "maximize";
  const { direction = better } = options;
  problems.expect(
    direction === better,
    `direction must be ${better} for ${metric}, since training keeps the best evaluation; got ${shownValue(direction)}. Leave it out`,
  );
  problems.throwIfAny();
  const model =
    typeof options.model === "string" ? await resolveModel(options.model, { requireTokenizer: true }) : options.model;
  const config = await readEncoderConfig(model.directory);
  const { maxLength = 2 } = options;
  problems.expect(
    Number.isSafeInteger(maxLength) && maxLength >= 2 && maxLength <= config.maxTokens,
    `maxLength must be a whole number from 2 to ${config.maxTokens}, the tokens that the model has positions for; got ${shownValue(maxLength)}`,
  );
  checkTrialOptions(options, { problems, method, problemType, config });
  problems.throwIfAny();
  const read = (part: "train" | "validation" | "test"): readonly TrialText[] | undefined =>
    options[part] === undefined ? undefined : textsOf(examplesOf(options[part], { name: part, labels, problemType }));
  return {
    name,
    outputDir: resolve(expandHome(options.outputDir ?? join(outputFolder(), "sweeps", name))),
    model,
    modelSha256: await folderHash(model.directory),
    texts: { train: read("train") ?? [], validation: read("validation") ?? [], test: read("test") },
    problemType,
    method,
    sampler,
    pruner,
    metric,
    direction,
    seeds,
    seed,
    winnerSeeds: Array.from({ length: winnerSeeds }, (_, i) => Math.max(...seeds) + 1 + i),
  };
}

/** Everything that decides the trials of a sweep, as one text: a sweep resumes if it is the same. */
export function planText(plan: SweepPlan, options: SweepOptions, inputs: readonly string[]): string {
  const { method, sampler, pruner, metric, direction, seeds, seed, problemType, modelSha256 } = plan;
  const { space, adapter = {}, training = {}, labels, maxLength, device } = options;
  const decides = { method, sampler, pruner, metric, direction, seeds, seed, problemType, modelSha256, inputs };
  return canonicalJson({
    ...decides,
    space,
    order: Object.keys(space), // which decides conditions and draws; keys are sorted here
    adapter: plain(adapter),
    training: plain(training),
    labels,
    maxLength,
    device,
  });
}

/** Options as JSON; a regular expression is its source, which peft takes too. */
export function plain(options: object): { readonly [key: string]: JsonValue } {
  return JSON.parse(
    JSON.stringify(options, (_, value: unknown) => (value instanceof RegExp ? value.source : value)),
  ) as { readonly [key: string]: JsonValue };
}

function textsOf({
  texts,
  labels,
}: {
  texts: readonly TextInput[];
  labels: readonly TrialText["label"][];
}): TrialText[] {
  return texts.map((input, i) =>
    isTextPair(input) ? { text: input[0], textPair: input[1], label: labels[i] } : { text: input, label: labels[i] },
  );
}

function checkNumbers(
  {
    seeds,
    seed,
    winnerSeeds,
    limits = {},
    workers,
    reportTo = "none",
    test,
  }: SweepOptions & { seeds: readonly number[]; seed: number; winnerSeeds: number },
  problems: Problems,
): void {
  const isSeed = (value: unknown): boolean =>
    Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 32;
  problems.expect(
    Array.isArray(seeds) && seeds.length > 0 && seeds.every(isSeed) && new Set(seeds).size === seeds.length,
    `seeds must be different whole numbers of at least 0; got ${shownValue(seeds)}`,
  );
  problems.expect(isSeed(seed), `seed must be a whole number of at least 0; got ${shownValue(seed)}`);
  const isCount = (value: unknown, least: number): boolean => Number.isSafeInteger(value) && Number(value) >= least;
  problems.expect(
    isCount(winnerSeeds, 0),
    `winnerSeeds must be a whole number of at least 0; got ${shownValue(winnerSeeds)}`,
  );
  problems.expect(
    winnerSeeds > 0 || test === undefined,
    "winnerSeeds must be above 0 where there are test texts, which only the winner's new runs score",
  );
  problems.expect(
    workers === undefined || isCount(workers, 1),
    `workers must be a whole number above 0; got ${shownValue(workers)}`,
  );
  const { trials, seconds, ...unknown } = limits;
  problems.expect(
    trials === undefined || isCount(trials, 1),
    `limits.trials must be a whole number above 0; got ${shownValue(trials)}`,
  );
  problems.expect(
    seconds === undefined || (typeof seconds === "number" && seconds > 0),
    `limits.seconds must be a number above 0; got ${shownValue(seconds)}`,
  );
  for (const key of Object.keys(unknown))
    problems.expect(false, `limits.${key} is not a limit; known are trials, seconds`);
  problems.expect(
    reportTo === "none" || reportTo === "mlflow",
    `reportTo must be none or mlflow; got ${shownValue(reportTo)}`,
  );
}
