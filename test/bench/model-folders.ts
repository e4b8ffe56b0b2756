import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { projectRoot } from "../../src/base/project-root";
import { Random } from "../../src/base/random";
import { sizeOf } from "../../src/ops/tensor";
import { writeSafetensors } from "../../src/model/weights/write-safetensors";

/** The two models of the bars, and one of MiniLM's width and any depth for the growth curves. */
export type ModelSize = "minilm" | "distilbert" | { readonly layers: number };

/** Requirements of a model's folder. */
export interface ModelFolderOptions {
  readonly size: ModelSize;
  /** Every dropout rate of the configuration; the model's own defaults where it is not given. */
  readonly dropout?: 0;
  /** Folder in which it is made. */
  readonly parent: string;
}

const EMBEDDED = join(projectRoot(), ".tslora", "models", "all-MiniLM-L6-v2");
const TOKENIZER_FILES = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"];
const BERT_RATES = ["attention_probs_dropout_prob", "hidden_dropout_prob", "classifier_dropout"];
const DISTILBERT_RATES = ["dropout", "attention_dropout", "seq_classif_dropout"];

/** The configuration of distilbert-base-uncased. */
const DISTILBERT = {
  model_type: "distilbert",
  architectures: ["DistilBertForMaskedLM"],
  activation: "gelu",
  attention_dropout: 0.1,
  dim: 768,
  dropout: 0.1,
  hidden_dim: 3072,
  initializer_range: 0.02,
  max_position_embeddings: 512,
  n_heads: 12,
  n_layers: 6,
  pad_token_id: 0,
  qa_dropout: 0.1,
  seq_classif_dropout: 0.2,
  sinusoidal_pos_embds: false,
  tie_weights_: true,
  vocab_size: 30522,
};

const NARROW = { dim: 384, hidden_dim: 1536 };

/**
 * Makes a model's folder that both sides load: the embedded MiniLM, or the size of distilbert-base-uncased with random
 * weights (their values do not matter for speed) and the same vocabulary. A folder that is there is left as it is.
 *
 * @returns its path
 */
export async function makeModelFolder({ size, dropout, parent }: ModelFolderOptions): Promise<string> {
  const shape = typeof size === "object" ? { ...DISTILBERT, ...NARROW, n_layers: size.layers } : DISTILBERT;
  const name = typeof size === "object" ? `${size.layers}-layers` : size;
  const folder = join(parent, dropout === 0 ? `${name}-without-dropout` : name);
  if (existsSync(join(folder, "config.json"))) return folder;
  await mkdir(folder, { recursive: true });
  for (const file of TOKENIZER_FILES) await copyFile(join(EMBEDDED, file), join(folder, file));
  const weights = join(folder, "model.safetensors");
  const own = size === "minilm" ? (JSON.parse(await readFile(join(EMBEDDED, "config.json"), "utf8")) as object) : shape;
  if (size === "minilm") await symlink(join(EMBEDDED, "model.safetensors"), weights);
  else if (dropout === 0) await symlink(join(await makeModelFolder({ size, parent }), "model.safetensors"), weights);
  else await writeSafetensors(weights, { tensors: randomWeights(shape), metadata: { format: "pt" } });
  const rates = size === "minilm" ? BERT_RATES : DISTILBERT_RATES;
  const config = dropout === 0 ? { ...own, ...Object.fromEntries(rates.map((rate) => [rate, 0])) } : own;
  await writeFile(join(folder, "config.json"), `${JSON.stringify(config, undefined, 2)}\n`);
  return folder;
}

/** A DistilBERT encoder's weights, each drawn when it is written. The head is missing, so loading initializes it. */
function randomWeights(
  config: typeof DISTILBERT,
): { name: string; shape: readonly number[]; values: () => Promise<Float32Array> }[] {
  const {
    dim: width,
    hidden_dim: inner,
    vocab_size: vocab,
    max_position_embeddings: positions,
    n_layers: layers,
  } = config;
  const random = new Random(1);
  const uniform = async (shape: readonly number[]): Promise<Float32Array> =>
    Float32Array.from({ length: sizeOf(shape) }, () => (random.uint32() / 2 ** 32 - 0.5) * 0.07); // deviation 0.02
  const tensors: { name: string; shape: readonly number[]; values: () => Promise<Float32Array> }[] = [];
  const add = (name: string, shape: readonly number[], fill?: number): void =>
    void tensors.push({
      name: `distilbert.${name}`,
      shape,
      values: () => (fill === undefined ? uniform(shape) : Promise.resolve(new Float32Array(sizeOf(shape)).fill(fill))),
    });
  const linear = (name: string, out: number, into: number): void => (
    add(`${name}.weight`, [out, into]),
    add(`${name}.bias`, [out], 0)
  );
  const norm = (name: string): void => (add(`${name}.weight`, [width], 1), add(`${name}.bias`, [width], 0));
  add("embeddings.word_embeddings.weight", [vocab, width]);
  add("embeddings.position_embeddings.weight", [positions, width]);
  norm("embeddings.LayerNorm");
  for (let i = 0; i < layers; i++) {
    const layer = `transformer.layer.${i}`;
    for (const part of ["q_lin", "k_lin", "v_lin", "out_lin"]) linear(`${layer}.attention.${part}`, width, width);
    norm(`${layer}.sa_layer_norm`);
    linear(`${layer}.ffn.lin1`, inner, width);
    linear(`${layer}.ffn.lin2`, width, inner);
    norm(`${layer}.output_layer_norm`);
  }
  return tensors;
}
