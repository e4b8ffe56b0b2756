/** Suffix of a module's name in an adapter's tensors. */
const PART = /\.(lora_[AB](\.bias|\.weight)|lora_magnitude_vector|base_layer\.(weight|bias))$/;

/** The modules that an adapter updates, and those that it holds whole, by the names of its tensors. */
export function adapterModules(tensors: readonly string[]): { adapted: string[]; whole: string[] } {
  const bare = tensors.map((name) => name.replace(/^base_model\.model\./, ""));
  const unique = (names: readonly string[]): string[] => [...new Set(names)].sort();
  return {
    adapted: unique(bare.filter((name) => PART.test(name)).map((name) => name.replace(PART, ""))),
    whole: unique(bare.filter((name) => !PART.test(name)).map((name) => name.replace(/\.(weight|bias)$/, ""))),
  };
}
