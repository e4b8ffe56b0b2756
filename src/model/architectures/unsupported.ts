/**
 * A group of types that tslora does not support: their description, and the supported types that are most similar, the
 * best first.
 */
interface Family {
  readonly what: string;
  readonly nearest: readonly string[];
  readonly types: readonly string[];
}

const FAMILIES: readonly Family[] = [
  {
    what: "a decoder, which generates text",
    nearest: ["modernbert"],
    types: [
      ...["gpt2", "gpt_neo", "gpt_neox", "gptj", "gpt_bigcode", "openai-gpt", "biogpt", "bloom", "codegen", "ctrl"],
      ...["falcon", "gemma", "gemma2", "gemma3", "gemma3_text", "llama", "mistral", "mixtral", "mpt", "olmo", "olmo2"],
      ...["opt", "phi", "phi3", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "smollm3", "stablelm", "starcoder2"],
      ...["xglm", "modernbert-decoder", "mamba", "rwkv"],
    ],
  },
  {
    what: "an encoder with a decoder",
    nearest: ["roberta"],
    types: ["t5", "mt5", "umt5", "t5gemma", "bart", "mbart", "pegasus", "led", "plbart", "bigbird_pegasus", "longt5"],
  },
  {
    what: "an encoder for long texts or with rotary positions",
    nearest: ["modernbert"],
    types: ["longformer", "big_bird", "nystromformer", "reformer", "roformer", "nomic_bert", "gte", "eurobert", "mra"],
  },
  {
    what: "an encoder for several languages",
    nearest: ["xlm-roberta"],
    types: ["xlm", "xlm-roberta-xl", "xmod", "flaubert", "rembert", "canine"],
  },
  { what: "the first DeBERTa", nearest: ["deberta-v2", "roberta"], types: ["deberta"] },
  {
    what: "another kind of encoder",
    nearest: ["bert"],
    types: [
      ...["megatron-bert", "mobilebert", "squeezebert", "convbert", "ernie", "esm", "funnel", "fnet", "ibert", "luke"],
      ...["layoutlm", "roberta-prelayernorm", "data2vec-text", "xlnet", "splinter", "roc_bert", "yoso", "tapas"],
    ],
  },
];

/** Describes a type and names the most similar supported one; empty for an unknown type. */
export function nearestChoice(modelType: unknown, known: readonly string[]): string {
  const family = FAMILIES.find(({ types }) => types.some((type) => type === modelType));
  if (family === undefined) return "";
  const nearest = family.nearest.find((type) => known.includes(type)) ?? "bert";
  return ` It is ${family.what}; the nearest choice is "${nearest}".`;
}
