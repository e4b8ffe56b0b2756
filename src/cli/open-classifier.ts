import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { shownPath } from "../base/shown-path";
import { TsloraError } from "../base/tslora-error";
import { loadClassifier } from "../classifier/load-classifier";
import type { SequenceClassifier } from "../classifier/sequence-classifier";
import { deviceOf, type DeviceOptions } from "../device/device";
import { resolveDevice } from "../device/open-device";
import { resolveModel, type ResolvedModel } from "../hub/resolve-model";
import { readEncoderConfig, type EncoderConfig } from "../model/encoder-config";
import { openSafetensors } from "../model/read-safetensors";
import { isRecord } from "../notebook/json";
import { parseJson } from "../notebook/parse-json";
import { readRunRecord, type RunRecord } from "./read-run-record";

/** What is to be opened. */
export interface OpenOptions extends DeviceOptions {
  /** The command, for messages. */
  readonly command: string;
  readonly model?: string;
  readonly adapter?: string;
  readonly labels?: readonly string[];
  readonly maxLength?: number;
  readonly problemType?: "single_label_classification" | "multi_label_classification";
  readonly seed?: number;
  /** Called before TensorFlow is needed, when all that is quickly told wrong has been. */
  readonly beforeLoading: () => void;
  /** Told what was taken and why, a sentence each. */
  readonly notice: (text: string) => void;
}

/** A classifier that was trained before, and where it came from. */
export interface OpenedClassifier {
  readonly classifier: SequenceClassifier;
  readonly model: ResolvedModel;
}

/**
 * Opens a model, and an adapter on it, and says what was taken. Where no model is named the adapter's own base is
 * taken; labels and length come from the flags, else from the run that the adapter is from, else from the model.
 *
 * @throws TsloraError `bad-option` when neither is named, and what resolving and loading throw.
 */
export async function openClassifier(options: OpenOptions): Promise<OpenedClassifier> {
  const { command, adapter, notice } = options;
  if (adapter !== undefined && !existsSync(join(adapter, "adapter_config.json"))) {
    throw new TsloraError("not-found", `--adapter: a folder that holds adapter_config.json and adapter_model.safetensors was expected; ${adapter} does not.`);
  }
  const model = await resolveModel(options.model ?? (await baseOf(command, adapter)));
  notice(model.notice);
  const record = adapter === undefined ? undefined : await readRunRecord(adapter);
  const labels = options.labels ?? record?.labels ?? (await labelsOf(await readEncoderConfig(model.directory), adapter));
  const maxLength = options.maxLength ?? record?.maxLength;
  const problemType = options.problemType ?? record?.problemType;
  const { seed } = options;
  options.beforeLoading();
  const device = deviceOf(options);
  notice((await resolveDevice(device)).notice);
  const classifier = await loadClassifier(model, { ...device, labels, ...(maxLength === undefined ? {} : { maxLength }), ...(problemType === undefined ? {} : { problemType }), ...(seed === undefined ? {} : { seed }) });
  try {
    if (adapter !== undefined) {
      const unknown = await classifier.loadAdapter(adapter);
      notice(`Adapter: ${shownPath(adapter)}${unknown.length === 0 ? "" : `; keys of its configuration that were passed over: ${unknown.join(", ")}`}.`);
    }
    notice(labelsNotice(classifier, { options, record }));
    return { classifier, model };
  } catch (error) {
    classifier.dispose();
    throw error;
  }
}

async function baseOf(command: string, adapter: string | undefined): Promise<string> {
  if (adapter === undefined) throw new TsloraError("bad-option", `tslora ${command}: --model or --adapter is needed: a trained model's folder or name, or an adapter's folder.`);
  const path = join(adapter, "adapter_config.json");
  const config = parseJson(await readFile(path, "utf8"), path);
  const base = isRecord(config) ? config.base_model_name_or_path : undefined;
  if (typeof base === "string" && base !== "") return base;
  throw new TsloraError("bad-option", `tslora ${command}: --model is needed, since ${path} does not name the adapter's base.`);
}

/** The labels' names where nobody gives any: the model's, if they fit the adapter's head; as many as that has, else. */
async function labelsOf(config: EncoderConfig, adapter: string | undefined): Promise<readonly string[] | undefined> {
  const count = adapter === undefined ? undefined : await classesOf(adapter);
  if (count === undefined || config.id2label?.length === count || (config.id2label === undefined && count === 2)) return config.id2label;
  return Array.from({ length: count }, (_, i) => `LABEL_${i}`);
}

/** How many classes an adapter's head tells apart, if it brings one. */
async function classesOf(adapter: string): Promise<number | undefined> {
  const path = join(adapter, "adapter_model.safetensors");
  if (!existsSync(path)) return undefined; // what is wrong with the folder, loading says
  const file = await openSafetensors(path);
  await file.close();
  return [...file.entries.values()].find(({ name }) => /\.classifier(\.out_proj)?\.weight$/.test(name))?.shape[0];
}

function labelsNotice({ labels, tokenizer, problemType }: SequenceClassifier, { options, record }: { options: OpenOptions; record: RunRecord | undefined }): string {
  const from = options.labels !== undefined ? "as given" : record !== undefined ? `from ${shownPath(record.path)}` : "the model's";
  return `Labels: ${labels.map((name, i) => `${i} ${name}`).join(", ")}, ${from}${problemType === "multi_label_classification" ? "; a text may have several" : ""}. Texts are cut to ${tokenizer.maxLength} tokens.`;
}
