import type { Problems } from "../base/problems";
import { shownNames, shownText, shownValue } from "../base/shown-value";
import { ARCHITECTURES } from "../model/architectures/index";
import type { ClassificationModel } from "../model/classification-model";
import type { Linear } from "../model/parts/linear";
import type { Parameter } from "../model/parts/parameter";
import type { ResolvedLoraConfig } from "./lora-config";
import { endings, layerOf, matchTarget, named, saves } from "./patterns/match-modules";
import { moduleTree, type ModuleKind } from "./module-tree";
import { matchesKey, patternValue } from "./patterns/python-pattern";
import { INVALID_PATTERN } from "./resolve-lora-config";

/** A layer that gets an update, with its rank and scaling. */
export interface PlannedLayer {
  readonly linear: Linear;
  readonly r: number;
  /** Scaling of the update: alpha / r, or alpha / sqrt(r). */
  readonly scaling: number;
}

/** The layers and modules that a configuration selects on a model. */
export interface AdapterPlan {
  readonly config: ResolvedLoraConfig;
  readonly layers: readonly PlannedLayer[];
  /** The model's own weights of the modules that are fully trained. */
  readonly saved: readonly Parameter[];
  /** Names of these modules. */
  readonly savedModules: readonly string[];
  /** The model's own biases that are trained too. */
  readonly biases: readonly Parameter[];
  /** Short descriptions of entries of the configuration that have no effect. */
  readonly idle: readonly string[];
}

/**
 * Finds the layers and modules that a configuration selects, by peft's rules.
 *
 * @param options.strict - whether an entry that matches nothing is an error, as in a new configuration; in one read
 *   from a file it is only reported in `idle`
 * @param options.problems - collects the errors; the caller throws
 */
export function planAdapter(
  model: ClassificationModel,
  given: ResolvedLoraConfig,
  options: { problems: Problems; strict: boolean },
): AdapterPlan {
  const { problems, strict } = options;
  const tree = moduleTree(model);
  const config = withoutShorthand(given, tree);
  const idle: string[] = [];
  const note: Note = (holds, what, help = "") => {
    if (!holds && strict) problems.expect(false, `${what}${help}`);
    else if (!holds) idle.push(what);
  };
  const savedModules = modulesToSave(config, { tree, problems, note });
  const targets = [...tree.keys()].filter((name) => matchTarget(name, config) === "adapted");
  checkTargets({ config, tree, targets, savedModules, strict, problems, note });
  const chosen = new Set(targets);
  const layers = model
    .linears()
    .filter(({ module }) => chosen.has(module))
    .map((linear) => plannedLayer(linear, config));
  checkPatternKeys({ config, targets, note });
  checkDirections(layers, config, problems);
  const inside = (parameter: Parameter): boolean => savedModules.some((name) => parameter.name.startsWith(`${name}.`));
  const all = model.parameters();
  const own = new Set(layers.map(({ linear }) => linear.bias));
  const isTrained = (p: Parameter): boolean =>
    config.bias === "all" ? p.name.endsWith(".bias") && !inside(p) : config.bias === "lora_only" && own.has(p);
  return { config, layers, saved: all.filter(inside), savedModules, biases: all.filter(isTrained), idle };
}

/** Checks that each key of the rank and alpha patterns matches an adapted layer. */
function checkPatternKeys({ config, targets, note }: Pick<TargetCheck, "config" | "targets" | "note">): void {
  if (targets.length === 0) return; // reported already
  const { rankPattern, alphaPattern } = config;
  for (const [option, patterns] of Object.entries({ rankPattern, alphaPattern }))
    for (const key of Object.keys(patterns))
      note(
        targets.some((name) => matchesKey(key, name)),
        `${option}: ${shownValue(key)} matches no adapted layer`,
      );
}

/** Checks that the rank of each layer is at most the number of directions that PiSSA or OLoRA can find in it. */
function checkDirections(
  layers: readonly PlannedLayer[],
  { initLoraWeights }: ResolvedLoraConfig,
  problems: Problems,
): void {
  if (initLoraWeights !== "pissa" && initLoraWeights !== "olora") return;
  for (const { linear, r } of layers) {
    const directions = Math.min(linear.inFeatures, linear.outFeatures);
    problems.expect(
      r <= directions,
      `initLoraWeights "${initLoraWeights}" finds at most ${directions} directions in ${linear.module}; its rank is ${r}`,
    );
  }
}

/** Replaces "all-linear" in a file with the names of all linear layers that are not fully trained, as peft does. */
function withoutShorthand(config: ResolvedLoraConfig, tree: ReadonlyMap<string, ModuleKind>): ResolvedLoraConfig {
  const { targetModules } = config;
  if (typeof targetModules !== "string" || targetModules.toLowerCase() !== "all-linear") return config;
  return {
    ...config,
    targetModules: [...tree]
      .filter(([name, kind]) => kind === "linear" && !saves(config.modulesToSave, name))
      .map(([name]) => name),
  };
}

function plannedLayer(linear: Linear, config: ResolvedLoraConfig): PlannedLayer {
  const r = patternValue(config.rankPattern, linear.module) ?? config.r;
  const alpha = patternValue(config.alphaPattern, linear.module) ?? config.loraAlpha;
  return { linear, r, scaling: config.useRslora ? alpha / Math.sqrt(r) : alpha / r };
}

const WITH_ARTICLE: Record<ModuleKind, string> = {
  linear: "a linear layer",
  norm: "a layer norm",
  embedding: "an embedding",
  container: "a module of several parts",
  list: "a list of layers",
  other: "an activation or dropout",
};

/** Reports an entry that matches nothing, as an error with a hint, or in `idle`. */
type Note = (holds: boolean, what: string, help?: string) => void;

/** Finds the modules that are fully trained: linear layers, norms, embeddings, and modules that contain them. */
function modulesToSave(
  config: ResolvedLoraConfig,
  { tree, problems, note }: { tree: ReadonlyMap<string, ModuleKind>; problems: Problems; note: Note },
): string[] {
  const found = [...tree.keys()].filter((name) => saves(config.modulesToSave, name));
  for (const entry of config.modulesToSave)
    note(
      entry === "score" || found.some((name) => name.endsWith(entry)),
      `modulesToSave: no module's name ends in ${shownValue(entry)}`,
      `. ${available(tree, "linear")}`,
    );
  for (const name of found) {
    const outer = found.find((other) => name.startsWith(`${other}.`));
    problems.expect(
      outer === undefined,
      `modulesToSave names ${name} and, around it, ${outer ?? ""}; name one of the two`,
    );
    problems.expect(
      tree.get(name) !== "list",
      `modulesToSave: ${name} is a list of layers, which cannot be trained as one module; name what is in it`,
    );
  }
  return found;
}

/** A configuration and the model's modules, for the checks of its targets. */
interface TargetCheck {
  readonly config: ResolvedLoraConfig;
  readonly tree: ReadonlyMap<string, ModuleKind>;
  readonly targets: readonly string[];
  readonly savedModules: readonly string[];
  readonly strict: boolean;
  readonly problems: Problems;
  readonly note: Note;
}

function checkTargets(check: TargetCheck): void {
  const { targetModules, excludeModules } = check.config;
  if (targetModules === INVALID_PATTERN || excludeModules === INVALID_PATTERN) return; // reported already
  checkTargetEntries(check);
  checkAdaptable(check);
  checkExclusions(check);
  checkLayerNumbers(check);
}

/** Whether the names come from "auto" or "all-linear". A model may lack some of them. */
function isOfType(names: readonly string[]): boolean {
  return ARCHITECTURES.some(({ targetModules: { auto, allLinear } }) => names === auto || names === allLinear);
}

/** Checks that at least one layer is a target, and that each entry of a list names a layer. */
function checkTargetEntries({ config, tree, targets, savedModules, strict, problems, note }: TargetCheck): void {
  const { targetModules, excludeModules, layersToTransform } = config;
  const names = [...tree.keys()];
  const free = { ...config, excludeModules: undefined, layersToTransform: undefined, layersPattern: undefined };
  const beforeExclusion = names.filter((name) => matchTarget(name, free) === "adapted");
  if (targets.length > 0) {
    if (typeof targetModules === "string" || isOfType(targetModules)) return;
    // An entry may also name a module that is excluded, or that layersToTransform leaves out.
    const nameable = endingsOf(strict ? beforeExclusion : names);
    for (const entry of targetModules)
      note(
        nameable.has(entry),
        `targetModules: ${shownValue(entry)} matches no linear layer that is adapted`,
        `. ${available(tree, "linear", savedModules)}`,
      ); // In a file this is not an error: peft's "all-linear" names parts of RoBERTa's head.
    return;
  }
  const what = shownTargets(targetModules);
  const by = [
    ...(excludeModules === undefined ? [] : ["excludeModules"]),
    ...(layersToTransform === undefined ? [] : ["layersToTransform"]),
  ].join(" and ");
  problems.expect(
    false,
    beforeExclusion.length > 0
      ? `targetModules: every module that ${what} matches is left out by ${by} (${shownNames(beforeExclusion)}). ` +
          "Leave fewer out"
      : `targetModules: ${what} matches no linear layer of the model that can be adapted. ` +
          `${available(tree, "linear", savedModules)}The head is always trained and is not adapted.`,
  );
}

function shownTargets(targetModules: ResolvedLoraConfig["targetModules"]): string {
  if (typeof targetModules === "string") return `the pattern ${shownText(targetModules, 200)}`;
  return targetModules.length === 0 ? "an empty list" : shownNames(targetModules);
}

/** Checks that every target is a linear layer that is not fully trained. */
function checkAdaptable({ tree, targets, savedModules, problems }: TargetCheck): void {
  for (const name of targets) {
    const kind = tree.get(name);
    const found = kind === undefined ? "" : WITH_ARTICLE[kind];
    problems.expect(kind === "linear", `targetModules matches ${name}, ${found}; only linear layers can be adapted`);
    const whole = savedModules.find((saved) => name === saved || name.startsWith(`${saved}.`));
    problems.expect(
      whole === undefined,
      `${name} cannot be adapted: it is fully trained${whole === name ? "" : `, as part of ${whole ?? ""}`}`,
    );
  }
}

function checkExclusions({ config, tree, note }: TargetCheck): void {
  const { excludeModules } = config;
  const names = [...tree.keys()];
  if (typeof excludeModules === "string")
    note(
      names.some((name) => named(name, excludeModules)),
      `excludeModules: the pattern ${shownText(excludeModules, 200)} matches no module`,
    );
  else
    for (const entry of excludeModules ?? [])
      note(endingsOf(names).has(entry), `excludeModules: ${shownValue(entry)} matches no module`);
}

function checkLayerNumbers({ config, tree, note }: TargetCheck): void {
  const { layersToTransform = [], layersPattern } = config;
  const numbers = typeof layersToTransform === "number" ? [layersToTransform] : layersToTransform;
  if (numbers.length === 0) return;
  const layers = new Set([...tree.keys()].map((name) => layerOf(`${name}.`, layersPattern)));
  const after = layersPattern === undefined ? "" : ` after ${shownValue(layersPattern)}`;
  for (const layer of numbers) note(layers.has(layer), `layersToTransform: there is no layer ${layer}${after}`);
}

/** Names, and their parts after each dot: everything that an entry of a list can name. */
function endingsOf(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.flatMap((name) => [name, ...endings(name)]));
}

/** The modules of one kind, with stars for layer numbers. */
function available(tree: ReadonlyMap<string, ModuleKind>, kind: ModuleKind, without: readonly string[] = []): string {
  const names = [...tree].filter(
    ([name, k]) => k === kind && !without.some((saved) => name === saved || name.startsWith(`${saved}.`)),
  );
  return `There are (* a layer's number):\n${[...new Set(names.map(([name]) => `  ${name.replace(/\.\d+\./g, ".*.")}`))].join("\n")}\n`;
}
