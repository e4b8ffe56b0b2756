import { join } from "node:path";

import { readJsonObject } from "../../base/files/parse-json-file";
import { TsloraError } from "../../base/tslora-error";
import type { TrainingMethod } from "../../classifier/training-method";
import { readEncoderConfig, type EncoderConfig } from "../../model/encoder-config";
import type { LoraConfig } from "../../lora/lora-config";
import { type JsonRecord } from "../../base/json";
import { adapterModules } from "./adapter-modules";
import { describeWeights, listFolder, type TensorRow, type WeightsDescription } from "./describe-weights";
import type { Subject } from "./find-subject";
import type { WouldTrain } from "./would-train";

/** Options of the description. */
export interface DescribeOptions {
  readonly tensors: boolean;
  readonly trainable: boolean;
  readonly method: TrainingMethod;
  readonly lora: LoraConfig;
  readonly labels?: readonly string[];
  /** Called before the model is loaded. */
  readonly beforeLoading: () => void;
}

/** Description of one subject; `--json` prints this object. */
export interface Description {
  readonly kind: "file" | "adapter" | "model";
  readonly path: string;
  readonly notice?: string;
  readonly files?: readonly { readonly name: string; readonly bytes: number }[];
  readonly weights: Omit<WeightsDescription, "tensors"> & { readonly tensorCount: number };
  readonly tensors?: readonly TensorRow[];
  /** The content of config.json or adapter_config.json. */
  readonly config?: JsonRecord;
  /** A model's sizes under one set of names. */
  readonly encoder?: EncoderConfig;
  /** An adapter's modules: adapted ones, and those that it holds whole. */
  readonly adapter?: { readonly base: unknown; readonly adapted: readonly string[]; readonly whole: readonly string[] };
  readonly checkpoint?: JsonRecord;
  readonly wouldTrain?: WouldTrain;
  /** The reason why tslora cannot use it, if there is one. */
  readonly unsupported?: string;
}

/** Describes a file, an adapter or a model. */
export async function describeSubject(subject: Subject, options: DescribeOptions): Promise<Description> {
  if (subject.kind === "file") {
    const { tensors, ...weights } = await describeWeights([subject.path]);
    return { kind: "file", path: subject.path, weights: { ...weights, tensorCount: tensors.length }, tensors };
  }
  const { kind, path, notice } = subject;
  const { files, weights: paths } = await listFolder(path);
  const { tensors, ...weights } = await describeWeights(paths);
  const config = await readJsonObject(join(path, kind === "model" ? "config.json" : "adapter_config.json"));
  const common = {
    kind,
    path,
    notice,
    files,
    weights: { ...weights, tensorCount: tensors.length },
    ...(options.tensors ? { tensors } : {}),
    config,
    ...(subject.checkpoint ? { checkpoint: await readJsonObject(join(path, "trainer_state.json")) } : {}),
  };
  if (kind === "adapter")
    return {
      ...common,
      adapter: { base: config.base_model_name_or_path ?? null, ...adapterModules(tensors.map(({ name }) => name)) },
    };
  return { ...common, ...(await modelParts(subject, options)) };
}

async function modelParts(
  subject: Extract<Subject, { kind: "adapter" | "model" }>,
  options: DescribeOptions,
): Promise<Pick<Description, "encoder" | "wouldTrain" | "unsupported">> {
  const { path, id } = subject;
  let encoder: EncoderConfig | undefined;
  try {
    encoder = await readEncoderConfig(path);
    if (!options.trainable) return { encoder };
    options.beforeLoading();
    const { wouldTrain } = await import("./would-train.js");
    return {
      encoder,
      wouldTrain: await wouldTrain({ id, directory: path, origin: { kind: "folder" }, notice: "" }, options),
    };
  } catch (error) {
    // A model that tslora cannot train is still described; a wrong option or a broken file is an error.
    if (!(error instanceof TsloraError) || error.code !== "unsupported") throw error;
    return { encoder, unsupported: error.message };
  }
}
