/** Suffix of a module's name in an adapter's tensors. */
const PART = /\.(lora_[AB](\.bias|\.weight)|lora_magnitude_vector|base_layer\.(weight|bias))$/;

/** The modules that an adapter's tensors update, and those that it brings whole, by the tensors' names. */
export function adapterModules(tensors: readonly string[]): { adapted: string[]; whole: string[] } {
  const bare = tensors.map((name) => name.replace(/^base_model\.model\./, ""));
  const unique = (names: readonly string[]): string[] => [...new Set(names)].sort();
  return {
    adapted: unique(bare.filter((name) => PART.test(name)).map((name) => name.replace(PART, ""))),
    whole: unique(bare.filter((name) => !PART.test(name)).map((name) => name.replace(/\.(weight|bias)$/, ""))),
  };
}
