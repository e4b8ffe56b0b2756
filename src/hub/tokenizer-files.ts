/** Names of sentencepiece models, which tokenizers without tokenizer.json have. */
export const SENTENCEPIECE_FILES: readonly string[] = ["spiece.model", "spm.model", "sentencepiece.bpe.model"];

/** Files of a tokenizer other than a sentencepiece model; a folder or a repository has some of them. */
export const TOKENIZER_PARTS: readonly string[] = [
  "tokenizer.json",
  "tokenizer_config.json",
  "vocab.txt",
  "vocab.json",
  "merges.txt",
  "special_tokens_map.json",
  "added_tokens.json",
];

/** Every file of a tokenizer: fetched from a repository, copied with a saved model or adapter, and pushed. */
export const TOKENIZER_FILES: readonly string[] = [...TOKENIZER_PARTS, ...SENTENCEPIECE_FILES];
