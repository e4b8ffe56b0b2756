/** Names of sentencepiece models, which tokenizers without tokenizer.json have. */
export const SENTENCEPIECE_FILES: readonly string[] = ["spiece.model", "spm.model", "sentencepiece.bpe.model"];
