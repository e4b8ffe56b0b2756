/** The name of a model that set-up installs. */
export type InstalledName = "embedded" | "mpnet";

/** Place where a model was found: installed by set-up, a folder, in the Hub's cache, or downloaded from the Hub. */
export type ModelPlace =
  { readonly kind: "folder" | "cache" | "hub" } | { readonly kind: "installed"; readonly name: InstalledName };

/** A model that was found. */
export interface ResolvedModel {
  /** Its name on the Hub, or its folder. */
  readonly id: string;
  /** The folder with config.json, the weights and the tokenizer's files. */
  readonly directory: string;
  readonly origin: ModelPlace;
  /** The choice and its reason, in a sentence. */
  readonly notice: string;
}
