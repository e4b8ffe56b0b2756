export { loadTokenizer } from "./load-tokenizer";
export type { TokenizedText, Tokenizer } from "./tokenizer";
