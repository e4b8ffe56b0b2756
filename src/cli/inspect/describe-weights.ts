import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";

import type { TensorDtype } from "../../model/weights/tensor-entry";
import { openWeights } from "../../model/weights/weight-files";

/** One tensor of a file. */
export interface TensorRow {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  /** The name of its file. */
  readonly file: string;
}

/** Content of files of weights, without their numbers. */
export interface WeightsDescription {
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** Numbers in tensors of floats. */
  readonly parameters: number;
  /** Number of tensors of each type. */
  readonly dtypes: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, string>>;
  /** The content of torch files beside the weights. */
  readonly notices: readonly string[];
  readonly tensors: readonly TensorRow[];
}

/** Reads what safetensors files, or files of torch.save, hold; all files of a sharded checkpoint. */
export async function describeWeights(paths: readonly string[]): Promise<WeightsDescription> {
  const tensors: TensorRow[] = [];
  const files: { name: string; bytes: number }[] = [];
  let metadata: Readonly<Record<string, string>> = {};
  const notices: string[] = [];
  for (const path of paths) {
    const file = await openWeights(path);
    await file.close();
    files.push({ name: basename(path), bytes: (await stat(path)).size });
    metadata = { ...metadata, ...file.metadata };
    if (file.notice !== undefined) notices.push(file.notice);
    for (const { name, dtype, shape } of file.entries.values())
      tensors.push({ name, dtype, shape, file: basename(path) });
  }
  const dtypes: Record<string, number> = {};
  for (const { dtype } of tensors) dtypes[dtype] = (dtypes[dtype] ?? 0) + 1;
  const floats = tensors.filter(({ dtype }) => /F\d+$/.test(dtype));
  return {
    files,
    parameters: floats.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    dtypes,
    metadata,
    notices,
    tensors,
  };
}

/** Lists a folder's files with their sizes, and the files of weights: safetensors, or else pytorch_model.bin. */
export async function listFolder(
  folder: string,
): Promise<{ files: { name: string; bytes: number }[]; weights: string[] }> {
  const files: { name: string; bytes: number }[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const status = await stat(join(folder, name)); // follows the links of the Hub's cache
    if (status.isFile()) files.push({ name, bytes: status.size });
  }
  const names = files.map(({ name }) => name);
  const all = names.filter((name) => name.endsWith(".safetensors"));
  const main = all.filter((name) => /^(adapter_)?model(-\d+-of-\d+)?\.safetensors$/.test(name));
  const torch = names.filter((name) => /^(adapter|pytorch)_model(-\d+-of-\d+)?\.bin$/.test(name));
  const [weights = []] = [main, all, torch].filter((each) => each.length > 0);
  return { files, weights: weights.map((name) => join(folder, name)) };
}
