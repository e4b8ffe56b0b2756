// @ts-check

/** The files of a model that set-up installs. */
export const MODEL_FILES = [
  "config.json",
  "model.safetensors",
  "special_tokens_map.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "vocab.txt",
  "README.md",
];
