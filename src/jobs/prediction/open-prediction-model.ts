import { existsSync } from "node:fs";
import { resolve } from "node:path";

import { canonicalSha256 } from "../../base/canonical-json";
import { shownPath } from "../../base/shown-path";
import { TsloraError } from "../../base/tslora-error";
import { setPrecision } from "../../classifier/set-precision";
import { loadClassifier } from "../../classifier/load-classifier";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import type { Calibration } from "../../evaluation/calibration/calibration";
import { loadCalibration } from "../../evaluation/calibration/stored-calibration";
import { resolveModel } from "../../hub/resolve-model";
import { headLabels } from "../../lora/head-labels";
import { modelHash } from "./model-hash";
import type { PredictionModel } from "./prediction-settings";

/** A classifier that is ready to predict. */
export interface OpenedModel {
  readonly classifier: SequenceClassifier;
  readonly calibration: Calibration | undefined;
}

/** The last opened model: a process that runs many shards loads it once. */
let last: { readonly key: string; readonly opened: OpenedModel } | undefined;

/**
 * Opens the classifier of a prediction, or takes the one that the last shard used.
 *
 * @throws TsloraError `bad-input` if its files are not those that the prediction was planned with.
 */
export async function openPredictionModel(settings: PredictionModel): Promise<OpenedModel> {
  const { model, adapter, labels, maxLength, problemType, device, precision, calibrated } = settings;
  const key = canonicalSha256({ model, adapter, labels, maxLength, problemType, device, precision, calibrated });
  const resolved = await resolveModel(existsSync(model) ? resolve(model) : model, { requireTokenizer: true });
  const found = await modelHash({ directory: resolved.directory, adapter, calibrated });
  if (found !== settings.modelHash)
    throw new TsloraError(
      "bad-input",
      `The model ${resolved.id}${adapter === undefined ? "" : ` with the adapter ${shownPath(adapter)}`} must have the hash ${settings.modelHash.slice(0, 16)}; its files have ${found.slice(0, 16)}. They were changed, or are others on this machine.`,
    );
  if (last?.key === `${key} ${found}`) return last.opened;
  closePredictionModel();
  const newHead = adapter !== undefined && (await headLabels(adapter)) !== undefined;
  const classifier = await loadClassifier(resolved, { labels, newHead, maxLength, problemType, device });
  try {
    if (adapter !== undefined) await classifier.loadAdapter(adapter);
    if (precision !== undefined) await setPrecision(classifier, precision, { call: "predictFiles" });
    const calibration = calibrated ? await loadCalibration(adapter ?? resolved.directory, { labels }) : undefined;
    const opened = { classifier, calibration };
    last = { key: `${key} ${found}`, opened };
    return opened;
  } catch (error) {
    classifier.dispose();
    throw error;
  }
}

/** Frees the weights of the last opened model. */
export function closePredictionModel(): void {
  last?.opened.classifier.dispose();
  last = undefined;
}
