import assert from "node:assert/strict";
import { test } from "node:test";

import { readEncoderConfig } from "../../src/model/encoder-config";
import { parameterDepths } from "../../src/model/parameter-depths";
import { fixtureDirectory } from "./fixture";

/** Names of each tiny model's parameters with their depths; the last one is of the head. */
const DEPTHS: Readonly<Record<string, readonly (readonly [string, number])[]>> = {
  bert: [
    ["bert.embeddings.word_embeddings.weight", 0],
    ["bert.embeddings.LayerNorm.bias", 0],
    ["bert.encoder.layer.0.output.LayerNorm.weight", 1],
    ["bert.encoder.layer.2.attention.self.query.lora_A.weight", 3],
    ["bert.pooler.dense.weight", 4],
    ["classifier.bias", 4],
  ],
  distilbert: [
    ["distilbert.transformer.layer.1.ffn.lin1.lora_magnitude_vector", 2],
    ["pre_classifier.bias", 3],
  ],
  roberta: [
    ["roberta.embeddings.position_embeddings.weight", 0],
    ["roberta.encoder.layer.1.output.dense.base_layer.bias", 2],
    ["classifier.out_proj.weight", 3],
  ],
  electra: [
    ["electra.embeddings_project.weight", 0],
    ["classifier.dense.weight", 3],
  ],
  mpnet: [
    ["mpnet.encoder.relative_attention_bias.weight", 0],
    ["mpnet.encoder.layer.1.attention.attn.q.weight", 2],
    ["classifier.out_proj.weight", 3],
  ],
  albert: [
    ["albert.encoder.embedding_hidden_mapping_in.weight", 0],
    ["albert.encoder.albert_layer_groups.0.albert_layers.0.ffn.weight", 1],
    ["albert.encoder.albert_layer_groups.1.albert_layers.0.ffn.weight", 2],
    ["albert.pooler.weight", 3],
  ],
  "albert-inner": [
    ["albert.encoder.albert_layer_groups.0.albert_layers.1.ffn.weight", 1],
    ["classifier.weight", 2],
  ],
  modernbert: [
    ["model.embeddings.tok_embeddings.weight", 0],
    ["model.embeddings.norm.weight", 0],
    ["model.layers.3.attn.Wqkv.weight", 4],
    ["model.final_norm.weight", 5],
    ["head.dense.weight", 5],
  ],
  "deberta-v2": [
    ["deberta.encoder.rel_embeddings.weight", 0],
    ["deberta.encoder.LayerNorm.bias", 0],
    ["deberta.encoder.layer.1.attention.output.LayerNorm.bias", 2],
    ["pooler.dense.weight", 3],
  ],
};

for (const [kind, depths] of Object.entries(DEPTHS))
  test(`${kind}: a parameter's depth is that of its module`, async () => {
    const { highest, depthOf } = parameterDepths(await readEncoderConfig(fixtureDirectory(kind)));
    for (const [name, depth] of depths) assert.equal(depthOf(name), depth, name);
    assert.equal(highest, depths.at(-1)?.[1]);
  });
