import { fullMatch, layerAfter, matchesSaved } from "./python-pattern";
import type { ResolvedLoraConfig } from "../lora-config";

/** Options that decide which modules are adapted. */
export type TargetOptions = Pick<
  ResolvedLoraConfig,
  "targetModules" | "excludeModules" | "modulesToSave" | "layersToTransform" | "layersPattern"
>;

/**
 * Whether a module is adapted, by peft's rules (`check_target_module_exists`). An entry of a list matches the whole
 * name or the part after a dot. A string is a regular expression that matches a whole name. `excludeModules` is applied
 * first, then modules inside fully trained ones are left out. `layersToTransform` applies if an entry of a list matches
 * only a part of the name; the layer's number is the first one in the name, or the one after `layersPattern`.
 */
export function matchTarget(module: string, options: TargetOptions): "adapted" | "excluded" | "passed over" {
  const { targetModules, excludeModules, modulesToSave, layersToTransform, layersPattern } = options;
  if (excludeModules !== undefined && named(module, excludeModules)) return "excluded";
  if (modulesToSave.some((entry) => matchesSaved(entry, module))) return "excluded";
  const verdict = (adapted: boolean): "adapted" | "passed over" => (adapted ? "adapted" : "passed over");
  if (typeof targetModules === "string") return verdict(fullMatch(targetModules, module));
  const listed = setOf(targetModules);
  if (listed.has(module)) return "adapted";
  if (!endings(module).some((ending) => listed.has(ending))) return "passed over";
  const wanted = typeof layersToTransform === "number" ? [layersToTransform] : (layersToTransform ?? []);
  if (wanted.length === 0) return "adapted";
  const layer = layerOf(module, layersPattern);
  return verdict(layer !== undefined && wanted.includes(layer));
}

/** Whether a list's entry or a pattern names a module. */
export function named(module: string, by: readonly string[] | string): boolean {
  if (typeof by === "string") return fullMatch(by, module);
  const listed = setOf(by);
  return listed.has(module) || endings(module).some((ending) => listed.has(ending));
}

/** The parts of a name after each of its dots. */
export function endings(module: string): string[] {
  const parts = module.split(".");
  return parts.slice(1).map((_, i) => parts.slice(i + 1).join("."));
}

const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

/** A list as a set, cached: an adapter may list thousands of names. */
function setOf(list: readonly string[]): ReadonlySet<string> {
  const set = sets.get(list) ?? new Set(list);
  sets.set(list, set);
  return set;
}

/**
 * Whether an entry of `modulesToSave` names a module. As in peft, it matches the end of the name, even without a dot.
 */
export function saves(entries: readonly string[], module: string): boolean {
  return entries.some((entry) => module.endsWith(entry));
}

/** The number of the layer that contains a module. */
export function layerOf(module: string, layersPattern: readonly string[] | string | undefined): number | undefined {
  const patterns = typeof layersPattern === "string" ? [layersPattern] : (layersPattern ?? []);
  const found =
    patterns.length === 0
      ? /^.*?\.[^.]*\.(\d+)\./.exec(module)?.[1]
      : patterns.map((pattern) => layerAfter(pattern, module)).find((index) => index !== undefined);
  return found === undefined ? undefined : Number(found);
}
