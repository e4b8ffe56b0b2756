import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

import { canonicalSha256 } from "../../base/canonical-json";
import { Problems } from "../../base/problems";
import { expandHome } from "../../base/files/expand-home";
import { shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import { defaultLabels } from "../../classifier/default-labels";
import { readRunRecord } from "../../classifier/read-run-record";
import { isDelimiter } from "../../corpus/table/table-format";
import { loadCalibration } from "../../evaluation/calibration/stored-calibration";
import { CASCADE_FILE, loadCascade } from "../../evaluation/cascade/stored-cascade";
import { resolveModel } from "../../hub/resolve-model";
import { headLabels } from "../../lora/head-labels";
import { readPeftConfig } from "../../lora/peft-config";
import { readEncoderConfig } from "../../model/encoder-config";
import { modelHash } from "./model-hash";
import type { PredictFilesOptions } from "./predict-files-options";
import { OUTPUT_FORMATS } from "./output/output-format";
import type { PredictionChoices } from "./prediction-settings";

/** Defaults of {@link PredictFilesOptions}. */
export const PREDICT_FILES_DEFAULTS = {
  outputFormat: "jsonl",
  chunkRecords: 1024,
  chunkRecordsOfCascade: 16_384,
  shardBytes: 1 << 26,
  shardRows: 100_000,
} as const;

/** Facts that all shards of a prediction share. */
export interface ChosenPrediction {
  readonly choices: PredictionChoices;
  readonly cascadePath?: string;
}

/**
 * Fills in the defaults, from the model's and the adapter's files, without loading the weights.
 *
 * @throws TsloraError `bad-option` that lists every bad option; `not-found` if there is no cascade, `unsupported` if
 *   texts may have several labels.
 */
export async function choosePrediction(options: PredictFilesOptions): Promise<ChosenPrediction> {
  checkOptions(options);
  const adapter = options.adapter === undefined ? undefined : resolve(expandHome(options.adapter));
  const base =
    adapter === undefined ? undefined : (await readPeftConfig(join(adapter, "adapter_config.json"))).baseModel;
  const record = adapter === undefined ? undefined : await readRunRecord(adapter);
  const named = options.model ?? record?.model ?? base;
  if (named === undefined)
    throw new TsloraError("bad-option", "predictFiles: model must be given, since the adapter does not name its base.");
  const model = await resolveModel(named, { requireTokenizer: true });
  const { id2label, problemType: own } = await readEncoderConfig(model.directory);
  const ofAdapter = adapter === undefined ? undefined : await headLabels(adapter);
  const labels = options.labels ?? record?.labels ?? defaultLabels(id2label, ofAdapter);
  const problemType = options.problemType ?? record?.problemType ?? (own === "regression" ? undefined : own);
  const folder = adapter ?? model.directory;
  const several = problemType === "multi_label_classification";
  const calibration = several ? undefined : await loadCalibration(folder, { labels });
  const calibrated = options.calibrated ?? calibration !== undefined;
  if (calibrated && calibration === undefined)
    throw new TsloraError("not-found", `predictFiles: calibrated needs a calibration.json in ${folder}.`);
  if (options.cascade === true && several)
    throw new TsloraError(
      "unsupported",
      "predictFiles: cascade is for one label a text; this classifier's texts may have several (multi_label_classification). Leave it out.",
    );
  const cascade = options.cascade === true ? await loadCascade(folder, { labels }) : undefined;
  if (options.cascade === true && cascade === undefined)
    throw new TsloraError(
      "not-found",
      `predictFiles: cascade needs ${CASCADE_FILE} in ${folder}. Make it with npx tslora calibrate --cascade FILE.`,
    );
  const { textColumn, textPair, idColumn, delimiter, quote, cleanTexts, threshold, maxTokensPerPass, device } = options;
  if (cascade?.recall.counts === "found" && cascade.encoderThreshold !== threshold)
    throw new TsloraError(
      "bad-option",
      `predictFiles: threshold must be ${cascade.encoderThreshold ?? "left out"}, as when the cascade was fitted; got ${threshold ?? "none"}. Its bound holds only for that threshold: give it, or fit the cascade again.`,
    );
  const digest = calibrated && calibration !== undefined ? canonicalSha256(calibration) : undefined;
  if (cascade?.recall.counts === "found" && cascade.encoderCalibration !== digest)
    throw new TsloraError(
      "bad-input",
      `predictFiles: the probabilities must be calibrated as when the cascade was fitted (${cascade.encoderCalibration === undefined ? "not at all" : "by a calibration.json"}); they are ${digest === undefined ? "not calibrated" : "calibrated otherwise"}. Fit the cascade again.`,
    );
  const { chunkRecords, chunkRecordsOfCascade, outputFormat } = PREDICT_FILES_DEFAULTS;
  const choices: PredictionChoices = {
    model: model.origin.kind === "folder" ? resolve(model.directory) : model.id,
    ...{ adapter, labels, problemType, device, calibrated },
    precision: options.precision === "int8" ? "int8" : undefined,
    maxLength: options.maxLength ?? record?.maxLength,
    modelHash: await modelHash({ directory: model.directory, adapter, calibrated }),
    ...{ textColumn, textPair, idColumn, delimiter, quote, cleanTexts, threshold, maxTokensPerPass },
    chunkRecords: options.chunkRecords ?? (cascade === undefined ? chunkRecords : chunkRecordsOfCascade),
    outputFormat: options.outputFormat ?? outputFormat,
  };
  return { choices, ...(cascade === undefined ? {} : { cascadePath: join(folder, CASCADE_FILE) }) };
}

function checkOptions(options: PredictFilesOptions): void {
  const { outputFormat = "jsonl", precision = "float32", device = "auto", threshold, delimiter } = options;
  const problems = new Problems("predictFiles");
  for (const name of ["chunkRecords", "shardBytes", "shardRows", "maxTokensPerPass"] as const) {
    const value = options[name];
    problems.expect(
      value === undefined || (Number.isSafeInteger(value) && value >= 1),
      `${name} must be a whole number from 1; got ${value}`,
    );
  }
  problems.expect(
    OUTPUT_FORMATS.includes(outputFormat),
    `outputFormat must be one of ${OUTPUT_FORMATS.join(", ")}; got ${String(outputFormat)}`,
  );
  const known = precision === "float32" || precision === "int8";
  problems.expect(
    known,
    `precision must be float32 or int8; got ${String(precision)}. bf16 does not make prediction faster`,
  );
  problems.expect(
    precision !== "int8" || device === "auto" || device === "cpu",
    `precision int8 needs the kernels of the processor; got device ${device}. Give cpu, or precision float32`,
  );
  problems.expect(
    threshold === undefined || (threshold >= 0 && threshold <= 1),
    `threshold must be a number from 0 to 1; got ${threshold}`,
  );
  problems.expect(
    delimiter === undefined || isDelimiter(delimiter),
    `delimiter must be a character that is neither a quote nor a line end; got ${shownValue(delimiter)}`,
  );
  for (const name of ["textColumn", "textPair", "idColumn"] as const)
    problems.expect(options[name] !== "", `${name} must name a column; got ""`);
  problems.expect(
    options.model !== undefined || options.adapter !== undefined,
    "model or adapter must be given: a trained model's folder or name, or an adapter's folder",
  );
  problems.expect(
    options.adapter === undefined || existsSync(join(expandHome(options.adapter), "adapter_config.json")),
    `adapter must be a folder with adapter_config.json; got ${options.adapter}`,
  );
  problems.throwIfAny();
}
