import type { ClassificationModel } from "../model/classification-model";

/** Kind of a module for adapters; "other" is an activation or a dropout. */
export type ModuleKind = "linear" | "norm" | "embedding" | "container" | "list" | "other";

/**
 * Every module of the model, under the name that PyTorch's `named_modules` gives it in transformers. As in peft,
 * patterns are matched against all of them.
 */
export function moduleTree(model: ClassificationModel): ReadonlyMap<string, ModuleKind> {
  const tree = new Map<string, ModuleKind>();
  const { words, positions, types } = model.modules.embeddings.modules;
  for (const { module } of model.linears()) tree.set(module, "linear");
  for (const { gamma } of model.norms()) tree.set(ownerOf(gamma.name), "norm");
  for (const parameter of [words, positions, ...(types === undefined ? [] : [types])])
    tree.set(ownerOf(parameter.name), "embedding");
  for (const name of unweighted(model)) tree.set(name, "other");
  for (const name of [...tree.keys()]) {
    for (let end = name.lastIndexOf("."); end > 0; end = name.lastIndexOf(".", end - 1)) {
      const container = name.slice(0, end);
      if (!tree.has(container)) tree.set(container, container.endsWith(".layer") ? "list" : "container");
    }
  }
  return tree;
}

/** The module that a weight belongs to. */
export function ownerOf(parameter: string): string {
  return parameter.slice(0, parameter.lastIndexOf("."));
}

/** Dropouts and activations: modules without weights, which a pattern can still match. */
function unweighted({ config }: ClassificationModel): string[] {
  const layers = Array.from({ length: config.numHiddenLayers }, (_, i) => i);
  if (config.modelType === "distilbert") {
    return [
      "dropout",
      "distilbert.embeddings.dropout",
      ...layers.flatMap((i) =>
        ["attention.dropout", "ffn.dropout", "ffn.activation"].map(
          (part) => `distilbert.transformer.layer.${i}.${part}`,
        ),
      ),
    ];
  }
  const prefix: string = config.modelType;
  const ofHead = prefix === "bert" ? ["dropout", "bert.pooler.activation"] : ["classifier.dropout"];
  const parts = [
    "attention.self.dropout",
    "attention.output.dropout",
    "intermediate.intermediate_act_fn",
    "output.dropout",
  ];
  return [
    ...ofHead,
    `${prefix}.embeddings.dropout`,
    ...layers.flatMap((i) => parts.map((part) => `${prefix}.encoder.layer.${i}.${part}`)),
  ];
}
