/**
 * The lower end of an encoder that training does not change: embeddings and a number of layers, or everything up to the
 * vector that the head reads.
 */
export type EncoderPrefix = { readonly kind: "layers"; readonly layers: number } | { readonly kind: "pooled" };

/** Results of an encoder's prefix for the documents of a batch. A pass starts with them instead of computing them. */
export interface PrefixValues {
  readonly prefix: EncoderPrefix;
  /** In the packed order: [rows, width], or [documents, width] if nothing above reads other tokens. */
  readonly values: Float32Array;
}
