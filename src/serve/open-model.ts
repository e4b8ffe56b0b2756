import { shownNames } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import { defaultLabels } from "../classifier/default-labels";
import type { TextTokenizer } from "../classifier/encode-texts";
import { readRunRecord, type RunRecord } from "../classifier/read-run-record";
import { resolveModel } from "../hub/resolve-model";
import { headLabels } from "../lora/head-labels";
import { readEncoderConfig, type EncoderConfig } from "../model/encoder-config";
import { loadTokenizer } from "../tokenizer/load-tokenizer";
import type { LoadedModel } from "./model/messages";
import { ModelHost } from "./model/model-host";
import type { ServeOptions } from "./serve-options";

/** A model that is loaded in its process. */
export interface OpenedModel {
  readonly id: string;
  readonly config: EncoderConfig;
  readonly tokenizer: TextTokenizer;
  readonly host: ModelHost;
  readonly model: LoadedModel;
}

/**
 * Finds the model, loads its tokenizer in this process and its weights in a process of their own.
 *
 * @throws TsloraError if the model is not found or cannot be loaded, or the adapters have different numbers of labels
 */
export async function openModel(options: ServeOptions, onNotice: (text: string) => void): Promise<OpenedModel> {
  const origin = await resolveModel(options.model, { requireTokenizer: true });
  onNotice(origin.notice);
  const config = await readEncoderConfig(origin.directory);
  const { labels, newHead, maxLength } = await labelsFor(config, options);
  const tokenizer = await loadTokenizer(origin.directory, { maxLength });
  const { device, requireGpu, problemType, precision = "float32" } = options;
  const { host, model } = await ModelHost.start(
    {
      kind: "load",
      model: origin.directory,
      labels,
      newHead,
      maxLength,
      problemType,
      precision,
      ...(device === undefined ? {} : { device }),
      ...(requireGpu === undefined ? {} : { requireGpu }),
    },
    { onChange: onNotice },
  );
  onNotice(model.device);
  if (model.precision !== "") onNotice(model.precision);
  return { id: origin.id, config, tokenizer, host, model };
}

/**
 * The labels with which the model is loaded: as many as the adapters' heads have. If the model's own head has another
 * number of labels, it is replaced, since each adapter has a head of its own.
 */
async function labelsFor(
  config: EncoderConfig,
  { adapters = {}, labels: given, maxLength: length }: ServeOptions,
): Promise<{ labels: readonly string[]; newHead: boolean; maxLength: number }> {
  const counts = new Map<number, string>();
  let record: RunRecord | undefined;
  for (const [name, folder] of Object.entries(adapters)) {
    const count = await headLabels(folder);
    if (count !== undefined && !counts.has(count)) counts.set(count, name);
    record ??= await readRunRecord(folder);
  }
  if (counts.size > 1)
    throw new TsloraError(
      "bad-input",
      `serve: all adapters of a server must have the same number of labels; got ${[...counts].map(([n, name]) => `${n} in "${name}"`).join(", ")}. Start a server for each.`,
    );
  const [count] = counts.keys();
  const own = config.id2label;
  const names = own !== undefined && (count ?? own.length) === own.length ? own : record?.labels;
  const labels = given ?? names ?? defaultLabels(own, count);
  if (count !== undefined && labels.length !== count)
    throw new TsloraError(
      "bad-option",
      `serve: labels must name the ${count} labels of the adapters' heads; got ${shownNames(labels)}.`,
    );
  const newHead = count !== undefined && own !== undefined && own.length !== count;
  return { labels, newHead, maxLength: length ?? Math.min(512, config.maxTokens) };
}
