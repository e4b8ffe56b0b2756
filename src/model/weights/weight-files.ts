import { openSafetensors } from "./read-safetensors";
import type { TensorEntry } from "./tensor-entry";
import { openTorchFile } from "./torch/open-torch-file";

/** Open weights: of a file, or of all files of a sharded model. The caller closes them. */
export interface Checkpoint {
  readonly path: string;
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** Place of the weights, and the parts that are not read, if a file holds more than weights. */
  readonly notice?: string;
  /** Metadata texts, which safetensors files can hold. */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * Reads one tensor as 32-bit floats; F16 and BF16 are widened.
   *
   * @throws TsloraError `bad-input` if a number is NaN, infinite, or too large for a weight.
   */
  readFloats(name: string): Promise<Float32Array>;
  close(): Promise<void>;
  /** Opens the weights again, also after `close`. Headers are read again only of files that have changed. */
  reopen(): Promise<Checkpoint>;
}

/** The names that a format has for a model's weights. */
export interface WeightFormat {
  readonly whole: string;
  /** The index of a sharded model. */
  readonly index: string;
  /** End of a shard's name. */
  readonly extension: ".safetensors" | ".bin";
}

/** The formats of a model's weights; of several in a folder the first is read. */
export const MODEL_WEIGHTS: readonly WeightFormat[] = [
  { whole: "model.safetensors", index: "model.safetensors.index.json", extension: ".safetensors" },
  { whole: "pytorch_model.bin", index: "pytorch_model.bin.index.json", extension: ".bin" },
];

/** The names of an adapter's weights; of several in a folder the first is read. */
export const ADAPTER_WEIGHTS: readonly string[] = ["adapter_model.safetensors", "adapter_model.bin"];

/** Opens a file of weights in the format that its name gives: `.bin` is torch.save's, any other is safetensors. */
export async function openWeights(path: string): Promise<Checkpoint> {
  return path.endsWith(".bin") ? openTorchFile(path) : openSafetensors(path);
}

/** A model's weights in a folder. */
export interface FoundWeights {
  readonly format: WeightFormat;
  /** `whole` or `index` of the format. */
  readonly file: string;
}

/** Finds which weights a model's folder has. */
export function findWeights(has: (name: string) => boolean): FoundWeights | undefined {
  for (const format of MODEL_WEIGHTS)
    for (const file of [format.whole, format.index]) if (has(file)) return { format, file };
  return undefined;
}

/** Weights that cannot be read, by the names of their files. */
const FOREIGN: readonly { readonly name: RegExp; readonly what: string; readonly remedy: string }[] = [
  { name: /^(tf_)?model(-\d+-of-\d+)?\.h5$/, what: "TensorFlow's weights", remedy: "from_tf=True" },
  { name: /^flax_model(-\d+-of-\d+)?\.msgpack$/, what: "Flax's weights", remedy: "from_flax=True" },
  { name: /\.ckpt(\.(index|meta|data-.*))?$/, what: "a TensorFlow 1 or Lightning checkpoint", remedy: "from_tf=True" },
  { name: /(^|\/)model[\w-]*\.onnx$/, what: "an ONNX graph", remedy: "" },
  { name: /^rust_model\.ot$/, what: "rust-bert's weights", remedy: "" },
  { name: /\.gguf$/, what: "llama.cpp's weights", remedy: "" },
];

/**
 * A sentence for a folder whose weights are only in formats that are not read: what it holds, and what to do. Undefined
 * if it has none of these.
 */
export function foreignWeights(names: readonly string[]): string | undefined {
  const found = FOREIGN.flatMap((format) => {
    const file = names.find((name) => format.name.test(name));
    return file === undefined ? [] : [{ file, ...format }];
  });
  if (found.length === 0) return undefined;
  const held = found.map(({ file, what }) => `${what} (${file})`).join(" and ");
  const [flag] = found.map(({ remedy }) => remedy).filter((remedy) => remedy !== "");
  const remedy =
    flag === undefined
      ? "take the model that this one was exported from, with safetensors or pytorch_model.bin"
      : `take a revision that has them, or convert it in Python with transformers 4: AutoModel.from_pretrained(folder, ${flag}).save_pretrained(folder)`;
  return `its weights are ${held}; tslora reads safetensors and pytorch_model.bin: ${remedy}`;
}
