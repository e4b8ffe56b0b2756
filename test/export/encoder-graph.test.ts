import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Random } from "../../src/base/random";
import { encoderGraph } from "../../src/export/onnx/encoder-graph";
import type { WholeGraph } from "../../src/export/onnx/write-model";
import { writeModel } from "../../src/export/onnx/write-model";
import type { ClassificationModel } from "../../src/model/classification-model";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { sharedOps } from "../../src/ops/shared-ops";
import { fixtureDirectory, maxDifference, TINY_MODELS } from "../model/fixture";
import { onnxLogits, openOnnx, ownLogits, randomDocuments } from "./onnx-models";

let folder = "";
before(async () => (folder = await mkdtemp(join(tmpdir(), "tslora-onnx-"))));
after(() => rm(folder, { recursive: true, force: true }));

/** Further inputs of each type in optimum's `OnnxConfig`, besides input_ids and attention_mask. */
const TYPED: readonly string[] = ["bert", "electra", "albert", "albert-inner", "deberta-v2-own-keys"];

const load = async (kind: string): Promise<ClassificationModel> =>
  (await loadClassificationModel(fixtureDirectory(kind), { ops: sharedOps(), numLabels: 2, seed: 1 })).model;

function graphOf(model: ClassificationModel, { quantize }: { quantize: boolean }): WholeGraph {
  const weights = model.parameters().map((own) => ({ name: own.name, shape: own.shape, read: () => own.read() }));
  return encoderGraph({ config: model.config, numLabels: model.numLabels, weights, quantize });
}

for (const kind of TINY_MODELS) {
  test(`${kind}: onnxruntime's logits are tslora's, whatever length, batch and padding`, async () => {
    const model = await load(kind);
    const { config } = model;
    const path = join(folder, `${kind}.onnx`);
    await writeModel(path, graphOf(model, { quantize: false }));
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
    const graph = graphOf(model, { quantize: true });
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
