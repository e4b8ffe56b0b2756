import type { ClassificationModel } from "../model/classification-model";
import type { ResolvedLoraConfig } from "./lora-config";
import { saves } from "./patterns/match-modules";
import { moduleTree, ownerOf } from "./module-tree";

/** Modules whose weights loading drew: a new head, or the pooler that a masked language model lacks. */
export function drawnModules(model: ClassificationModel): string[] {
  return [
    ...new Set(
      model
        .parameters()
        .filter(({ drawn }) => drawn)
        .map(({ name }) => ownerOf(name)),
    ),
  ];
}

/**
 * Adds every module with drawn weights to `modulesToSave`, so that it is trained and saved with the adapter. Without
 * them, the adapter would give other logits each time it is loaded.
 */
export function withDrawnModules(config: ResolvedLoraConfig, model: ClassificationModel): ResolvedLoraConfig {
  const names = [...moduleTree(model).keys()].filter((name) => saves(config.modulesToSave, name));
  const isSaved = (module: string): boolean => names.some((name) => module === name || module.startsWith(`${name}.`));
  const more = drawnModules(model).filter((module) => !isSaved(module));
  return more.length === 0 ? config : { ...config, modulesToSave: [...more, ...config.modulesToSave] };
}
