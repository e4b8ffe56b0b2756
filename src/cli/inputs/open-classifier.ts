import { shownPath } from "../../base/shown-path";
import { shownNames, shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import { defaultLabels } from "../../classifier/default-labels";
import { loadClassifier } from "../../classifier/load-classifier";
import type { PredictionPrecision } from "../../classifier/precisions";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { setPrecision } from "../../classifier/set-precision";
import { deviceOf, type DeviceOptions } from "../../device/device";
import { resolveDevice } from "../../device/open-device";
import { resolveModel, type ResolvedModel } from "../../hub/resolve-model";
import { readEncoderConfig, type EncoderConfig } from "../../model/encoder-config";
import { fetchProgress } from "../terminal/fetch-progress";
import type { Terminal } from "../terminal/terminal";
import { findAdapter, resolveBase, type FoundAdapter } from "./find-adapter";
import type { RunRecord } from "../../classifier/read-run-record";

/** The classifier to open. */
export interface OpenOptions extends DeviceOptions {
  /** The command, for messages. */
  readonly command: string;
  readonly model?: string;
  readonly adapter?: string;
  readonly labels?: readonly string[];
  readonly maxLength?: number;
  readonly problemType?: "single_label_classification" | "multi_label_classification";
  readonly seed?: number;
  /** @default "float32" */
  readonly precision?: PredictionPrecision;
  /** Called after the quick checks, before TensorFlow is needed. */
  readonly beforeLoading: () => void;
  /** Called with a sentence about each choice and its reason. */
  readonly notice: (text: string) => void;
  /** Shows the progress of fetching an adapter from the Hub. */
  readonly terminal: Terminal;
}

/** A trained classifier, and where it came from. */
export interface OpenedClassifier {
  readonly classifier: SequenceClassifier;
  readonly model: ResolvedModel;
  /** The folder of its adapter. */
  readonly adapterFolder?: string;
  /** The run that trained its adapter. */
  readonly record?: RunRecord;
}

/**
 * Opens a model and, if one is given, an adapter on it. Without a model it opens the adapter's base. Labels and length
 * come from the flags, else from the run that trained the adapter, else from the model. Notices report each choice.
 *
 * @throws TsloraError `bad-option` if neither is named, `bad-input` if neither the model nor the adapter has some of
 * the weights, and the errors of resolving and loading.
 */
export async function openClassifier(options: OpenOptions): Promise<OpenedClassifier> {
  const { command, notice } = options;
  if (options.model === undefined && options.adapter === undefined)
    throw new TsloraError(
      "bad-option",
      `tslora ${command}: --model or --adapter is needed: a trained model's folder or name, or an adapter's folder.`,
    );
  const adapter = options.adapter === undefined ? undefined : await openAdapter(options.adapter, options);
  const model =
    options.model === undefined && adapter !== undefined
      ? await resolveBase(command, adapter)
      : await resolveModel(options.model, { requireTokenizer: true });
  notice(model.notice);
  const record = adapter?.record;
  const config = await readEncoderConfig(model.directory);
  if (options.maxLength === undefined) expectRoom(config, { command, adapter, model });
  const labels = options.labels ?? record?.labels ?? defaultLabels(config.id2label, adapter?.labels);
  const maxLength = options.maxLength ?? record?.maxLength;
  const problemType = options.problemType ?? record?.problemType;
  const { seed } = options;
  options.beforeLoading();
  const device = deviceOf(options);
  notice((await resolveDevice(device)).notice);
  const newHead = adapter?.labels !== undefined; // the adapter's head replaces the base's
  const classifier = await loadClassifier(model, {
    ...device,
    labels,
    newHead,
    maxLength,
    problemType,
    seed,
  }).catch((error: unknown) => {
    throw headError(error, { command, model });
  });
  try {
    if (adapter !== undefined) {
      const unknown = await classifier.loadAdapter(adapter.directory);
      const ignored = unknown.length === 0 ? "" : `; ignored keys of its configuration: ${unknown.join(", ")}`;
      const otherBase =
        options.model === undefined || adapter.base === undefined || adapter.base === model.id
          ? ""
          : `; it names the base ${adapter.base}`;
      const place = adapter.hub?.notice ?? `the folder ${shownPath(adapter.directory)}`;
      notice(`Adapter: ${place}${ignored}${otherBase}.`);
    }
    expectTrained(classifier, { command, adapter, model });
    notice(labelsNotice(classifier, { options, record }));
    if (options.precision !== undefined && options.precision !== "float32")
      notice((await setPrecision(classifier, options.precision, { call: `tslora ${command}` })).notice);
    return { classifier, model, record, adapterFolder: adapter?.directory };
  } catch (error) {
    classifier.dispose();
    throw error;
  }
}

/** Finds the adapter; Ctrl-C stops fetching it. */
async function openAdapter(adapter: string, { terminal }: OpenOptions): Promise<FoundAdapter> {
  const progress = fetchProgress(terminal);
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once("SIGINT", stop);
  try {
    return await findAdapter(adapter, { signal: controller.signal, onProgress: progress.update });
  } finally {
    process.off("SIGINT", stop);
    progress.stop();
  }
}

/** Replaces the error about a head with other labels: a command that does not train cannot make a new head. */
function headError(error: unknown, { command, model }: { command: string; model: ResolvedModel }): unknown {
  if (!(error instanceof TsloraError) || error.details.headLabels === undefined) return error;
  const [has, named] = [error.details.headLabels, error.details.labels].map((found) =>
    Array.isArray(found) ? shownNames(found.map(String)) : `${shownValue(found)} labels`,
  );
  return new TsloraError(
    "bad-input",
    `tslora ${command}: --labels must name the labels of the model ${model.id} in its order; its head has ${has}, and --labels gives ${named}.`,
    { details: error.details, cause: error },
  );
}

/** Refuses newly initialized weights that no adapter holds: every result would be random. */
function expectTrained(
  { untrainedWeights }: SequenceClassifier,
  { command, adapter, model }: { command: string; adapter: FoundAdapter | undefined; model: ResolvedModel },
): void {
  if (untrainedWeights.length === 0) return;
  const details = { newlyInitialized: [...untrainedWeights] };
  const names = shownNames(untrainedWeights);
  if (adapter === undefined) {
    const before =
      command === "evaluate" ? " To score the texts before training, give --evaluate-before to tslora train." : "";
    throw new TsloraError(
      "bad-input",
      `tslora ${command}: the model has no trained head: ${names} were newly initialized, so that every ` +
        `result would be random. Give --adapter, or the folder of a trained model.${before}`,
      { details },
    );
  }
  throw new TsloraError(
    "bad-input",
    `tslora ${command}: ${names} are neither in the model ${model.id} nor in the adapter ` +
      `${shownPath(adapter.directory)}. They were newly initialized, so that every result would be random. ` +
      "Give the base that the adapter was trained on with --model, or train the adapter again: " +
      "tslora train saves them with it.",
    { details },
  );
}

/** Refuses a model with fewer positions than the adapter was trained with: it cannot be the adapter's base. */
function expectRoom(
  { maxTokens }: EncoderConfig,
  { command, adapter, model }: { command: string; adapter: FoundAdapter | undefined; model: ResolvedModel },
): void {
  const length = adapter?.record?.maxLength ?? 0;
  if (adapter === undefined || length <= maxTokens) return;
  throw new TsloraError(
    "bad-input",
    `tslora ${command}: the model ${model.id} is not the base of the adapter ${shownPath(adapter.directory)}, ` +
      `which was trained on ${adapter.base ?? "another one"} with texts of up to ${length} tokens; this model has positions for ${maxTokens}. ` +
      "Give the adapter's base with --model.",
  );
}

function labelsNotice(
  { labels, tokenizer, problemType }: SequenceClassifier,
  { options, record }: { options: OpenOptions; record: RunRecord | undefined },
): string {
  const from =
    options.labels !== undefined ? "as given" : record !== undefined ? `from ${shownPath(record.path)}` : "the model's";
  const names = labels.map((name, i) => `${i} ${name}`).join(", ");
  const several = problemType === "multi_label_classification" ? "; a text may have several" : "";
  return `Labels: ${names}, ${from}${several}. Texts are cut to ${tokenizer.maxLength} tokens.`;
}
