import { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import type { Ops } from "../../src/ops/ops";
import { fixtureDirectory } from "../model/fixture";
import { tokenizer } from "../training/tiny";

const WEBGPU = {
  kind: "webgpu",
  name: "",
  backend: "",
  software: true,
  asked: "webgpu",
  notice: "",
  warnings: [],
} as const;

/**
 * The tiny BERT as a classifier on given ops.
 *
 * @param options.dropout - the rate of every dropout @default 0
 * @param options.onWebgpu - whether the classifier tells that it runs on WebGPU @default false
 */
export async function tinyClassifier(
  ops: Ops,
  { dropout = 0, onWebgpu = false }: { readonly dropout?: number; readonly onWebgpu?: boolean } = {},
): Promise<SequenceClassifier> {
  const directory = fixtureDirectory("bert");
  const { model, newlyInitialized } = await loadClassificationModel(directory, { ops, numLabels: 2, seed: 1 });
  for (const name of ["hiddenDropout", "attentionDropout", "classifierDropout"] as const)
    Object.assign(model.config, { [name]: dropout });
  return new SequenceClassifier({
    model,
    tokenizer,
    labels: ["NEGATIVE", "POSITIVE"],
    origin: { id: "tiny", directory, notice: "" },
    newlyInitialized,
    seed: 1,
    ...(onWebgpu ? { device: WEBGPU } : {}),
  });
}
