import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import type { Ops } from "../../src/ops/ops";
import { classifier } from "../training/tiny";

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
export function tinyClassifier(
  ops: Ops,
  { dropout = 0, onWebgpu = false }: { readonly dropout?: number; readonly onWebgpu?: boolean } = {},
): Promise<SequenceClassifier> {
  return classifier("bert", { on: ops, dropout, device: onWebgpu ? WEBGPU : undefined });
}
