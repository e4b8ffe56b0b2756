import { ADAPTER_WEIGHTS, MODEL_WEIGHTS } from "../../model/weights/weight-files";
import { TOKENIZER_FILES } from "../tokenizer-files";

const NAMES = new Set([
  "README.md",
  "LICENSE",
  "LICENSE.txt",
  "LICENSE.md",
  "config.json",
  "adapter_config.json",
  ...ADAPTER_WEIGHTS,
  ...MODEL_WEIGHTS.flatMap(({ whole, index }) => [whole, index]),
  ...TOKENIZER_FILES,
]);
const SHARD = /^(model-\d{5}-of-\d{5}\.safetensors|pytorch_model-\d{5}-of-\d{5}\.bin)$/;
/** Files that transformers.js reads. */
const ONNX = /^onnx\/[\w.-]+\.onnx(_data)?(_\d+)?$/;

/**
 * Whether a path of a folder belongs into a repository: weights, configurations, tokenizer, card, licence and ONNX
 * graphs. Checkpoints, optimizer states, logs and all other files do not.
 */
export function isRepositoryFile(path: string): boolean {
  return NAMES.has(path) || SHARD.test(path) || ONNX.test(path);
}
