import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Random } from "../../src/base/random";
import { encoderGraph } from "../../src/export/onnx/encoder-graph";
import { quantizeLinear, quantizeTable, type Quantization } from "../../src/export/onnx/quantize";
import type { WholeGraph } from "../../src/export/onnx/write-model";
import { writeModel } from "../../src/export/onnx/write-model";
import type { ClassificationModel } from "../../src/model/classification-model";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import type { Parameter } from "../../src/model/parts/parameter";
import { sharedOps } from "../../src/ops/shared-ops";
import { fixtureDirectory, maxDifference, TINY_MODELS } from "../model/fixture";
import { onnxLogits, openOnnx, ownLogits, randomDocuments } from "./onnx-models";

let folder = "";
before(async () => (folder = await mkdtemp(join(tmpdir(), "tslora-onnx-"))));
after(() => rm(folder, { recursive: true, force: true }));

/** Further inputs of each type in optimum's `OnnxConfig`, in addition to input_ids and attention_mask. */
const TYPED: readonly string[] = ["bert", "electra", "albert", "albert-inner", "deberta-v2-own-keys"];

const load = async (kind: string): Promise<ClassificationModel> =>
  (await loadClassificationModel(fixtureDirectory(kind), { ops: sharedOps(), numLabels: 2, seed: 1 })).model;

function graphOf(model: ClassificationModel, { quantize }: { quantize: Quantization }): WholeGraph {
  const weights = model.parameters().map((own) => ({ name: own.name, shape: own.shape, read: () => own.read() }));
  return encoderGraph({ config: model.config, numLabels: model.numLabels, weights, quantize });
}

for (const kind of TINY_MODELS) {
  test(`${kind}: onnxruntime's logits are tslora's, whatever length, batch and padding`, async () => {
    const model = await load(kind);
    const { config } = model;
    const path = join(folder, `${kind}.onnx`);
    await writeModel(path, graphOf(model, { quantize: "none" }));
    const session = await openOnnx(path);
    assert.deepEqual(session.inputNames, [
      "input_ids",
      "attention_mask",
      ...(TYPED.includes(kind) ? ["token_type_ids"] : []),
    ]);
    assert.deepEqual(session.outputNames, ["logits"]);

    const documents = randomDocuments(config, { random: new Random(7), count: 24 });
    const own = await ownLogits(model, documents);
    const pad = config.padTokenId ?? 0;
    const together = await onnxLogits(session, documents, { pad });
    assert.ok(maxDifference(together, own) < 1e-5, `padded: ${maxDifference(together, own)}`);
    const short = documents.filter(({ ids }) => ids.length <= config.maxTokens / 2).slice(0, 3);
    const longer = await onnxLogits(session, short, { pad, length: config.maxTokens });
    assert.ok(maxDifference(longer, await ownLogits(model, short)) < 1e-5, "with padding alone at the end");
    for (const [i, document] of documents.slice(0, 3).entries()) {
      const alone = await onnxLogits(session, [document], { pad });
      assert.ok(maxDifference(alone, own.subarray(2 * i, 2 * i + 2)) < 1e-5, `text ${i} alone`);
    }
    model.dispose();
  });
}

test("a window narrower than the text limits attention in the graph", async () => {
  const model = await load("modernbert");
  const windows = Array.from(
    { length: model.config.numHiddenLayers },
    (_, i) => model.config.structure.layer(i).window ?? Infinity,
  );
  assert.ok(Math.min(...windows) < model.config.maxTokens / 2, "the cases above reach beyond a window");
  model.dispose();
});

test("with 8-bit weights, every linear layer is an integer product, and the logits are numbers", async () => {
  for (const kind of TINY_MODELS) {
    const model = await load(kind);
    const graph = graphOf(model, { quantize: "int8" });
    const { nodes, tensors } = graph.builder;
    const floats = new Set(tensors.filter(({ type }) => type === "float").map(({ name }) => name));
    const used = nodes.filter(({ opType }) => opType === "MatMul").flatMap(({ input }) => input);
    assert.deepEqual(
      used.filter((name) => floats.has(name)),
      [],
      `${kind}: products with 32-bit weights`,
    );
    const weights = new Set(nodes.filter(({ opType }) => opType === "MatMulInteger").map(({ input }) => input[1]));
    assert.equal(weights.size, model.linears().length, `${kind}: integer products`);
    const path = join(folder, `${kind}-int8.onnx`);
    await writeModel(path, graph);
    const documents = randomDocuments(model.config, { random: new Random(7), count: 4 });
    const logits = await onnxLogits(await openOnnx(path), documents, { pad: model.config.padTokenId ?? 0 });
    assert.ok(logits.every(Number.isFinite), `${kind}: ${logits.join(", ")}`);
    model.dispose();
  }
});

test("with 8-bit weights and 32-bit products, logits are those of the rounded weights", async () => {
  for (const kind of TINY_MODELS) {
    const model = await load(kind);
    const graph = graphOf(model, { quantize: "int8-weights" });
    assert.ok(
      graph.builder.nodes.every(({ opType }) => !/Integer|Quantize/.test(opType)),
      kind,
    );
    const path = join(folder, `${kind}-int8-weights.onnx`);
    await writeModel(path, graph);
    const documents = randomDocuments(model.config, { random: new Random(7), count: 8 });
    const found = await onnxLogits(await openOnnx(path), documents, { pad: model.config.padTokenId ?? 0 });
    await roundWeights(model);
    const own = await ownLogits(model, documents);
    assert.ok(maxDifference(found, own) < 1e-5, `${kind}: ${maxDifference(found, own)}`);
    model.dispose();
  }
});

/** Replaces the weights of linear layers and the word embeddings by what 8 bits hold of them. */
async function roundWeights(model: ClassificationModel): Promise<void> {
  const { ops } = model;
  const replace = async (weight: Parameter, round: (numbers: Float32Array) => Float32Array): Promise<void> => {
    const rounded = round(await weight.read());
    weight.assign(ops.escape(() => ops.float(rounded, weight.shape)));
  };
  for (const { weight } of model.linears())
    await replace(weight, (numbers) => {
      const [out, into] = weight.shape;
      const { values, scales } = quantizeLinear(numbers, [out, into]);
      return numbers.map((number, i) => {
        const [row, column] = [Math.floor(i / into), i % into];
        const scale = scales[row];
        assert.ok(Math.abs(values[column * out + row] * scale - number) <= scale * (0.5 + 2 ** -16));
        return values[column * out + row] * scale;
      });
    });
  const { words } = model.modules.embeddings.modules;
  await replace(words, (numbers) => {
    const { values, scales } = quantizeTable(numbers, words.shape);
    return numbers.map((_, i) => values[i] * scales[Math.floor(i / words.shape[1])]);
  });
}
