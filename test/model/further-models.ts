import { ARCHITECTURES } from "../../src/model/architectures/index";

/**
 * The tiny models of write-architecture-fixtures.py, by `model_type`. A further type is one entry here, one there, and
 * one in `test/parity/architectures.ts`.
 */
export const ARCHITECTURE_FIXTURES: Readonly<Record<string, readonly string[]>> = {
  "xlm-roberta": ["xlm-roberta"],
  camembert: ["camembert"],
  electra: ["electra"],
  mpnet: ["mpnet"],
  albert: ["albert", "albert-inner"],
  modernbert: ["modernbert", "modernbert-mean"],
  "deberta-v2": ["deberta-v2", "deberta-v2-own-keys"],
};

/** The tiny models of all types but BERT, DistilBERT and RoBERTa. */
export const FURTHER_MODELS: readonly string[] = ARCHITECTURES.flatMap(
  ({ modelType }) => ARCHITECTURE_FIXTURES[modelType] ?? [],
);
