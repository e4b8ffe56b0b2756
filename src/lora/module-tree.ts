import { architectureOf } from "../model/architectures/index";
import type { ClassificationModel } from "../model/classification-model";
import { layerName } from "../model/layout";

/** Kind of a module for adapters; "other" is an activation or a dropout. */
export type ModuleKind = "linear" | "norm" | "embedding" | "container" | "list" | "other";

/**
 * Every module of the model, under the name that PyTorch's `named_modules` gives it in transformers. As in peft,
 * patterns are matched against all of them.
 */
export function moduleTree(model: ClassificationModel): ReadonlyMap<string, ModuleKind> {
  const tree = new Map<string, ModuleKind>();
  for (const { module } of model.linears()) tree.set(module, "linear");
  for (const { gamma } of model.norms()) tree.set(ownerOf(gamma.name), "norm");
  for (const { name } of model.tables()) tree.set(ownerOf(name), "embedding");
  for (const name of unweighted(model)) if (!tree.has(name)) tree.set(name, "other");
  // a list's modules have numbers for names
  const lists = new Set(
    [...tree.keys()].flatMap((name) => [...name.matchAll(/\.\d+(?=\.)/g)].map(({ index }) => name.slice(0, index))),
  );
  for (const name of [...tree.keys()]) {
    for (let end = name.lastIndexOf("."); end > 0; end = name.lastIndexOf(".", end - 1)) {
      const container = name.slice(0, end);
      if (!tree.has(container)) tree.set(container, lists.has(container) ? "list" : "container");
    }
  }
  return tree;
}

/** The module that a weight belongs to. */
export function ownerOf(parameter: string): string {
  return parameter.slice(0, parameter.lastIndexOf("."));
}

/** Dropouts and activations: modules without weights, which a pattern can still match. */
function unweighted({ config, modules: { layers } }: ClassificationModel): string[] {
  const { model, layer } = architectureOf(config.modelType).unweighted;
  return [...model, ...layers.flatMap((_, i) => layer.map((part) => `${layerName(config, i)}.${part}`))];
}
