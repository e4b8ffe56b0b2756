import { existsSync } from "node:fs";

import { lockFolder } from "../../base/lock/lock-output";
import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { fitCalibration } from "../../evaluation/calibration/fit-calibration";
import { logitsOf, type LogitsAndLabels } from "../../evaluation/calibration/logits-of";
import { saveCalibration, saveConformal } from "../../evaluation/calibration/stored-calibration";
import { fitConformal } from "../../evaluation/conformal/conformal";
import { softmax } from "../../evaluation/softmax";
import { EXIT } from "../exit-codes";
import { expectPairs } from "../inputs/expect-pairs";
import { openClassifier } from "../inputs/open-classifier";
import { isSameSource } from "../inputs/same-source";
import { warnOfTrainedTexts } from "../inputs/warn-of-trained-texts";
import type { CommandCall } from "../library-command";
import { loadQuietly } from "../load-quietly";
import { CALIBRATE_OPTIONS } from "../options/calibrate-options";
import { pick } from "../options/option-table";
import { DATA_OPTIONS, DEVICE_OPTIONS, MODEL_OPTIONS } from "../options/shared-options";
import { countProgress } from "../terminal/show-progress";
import { writeNotice } from "../terminal/write-notice";
import { calibrationLines, compareCalibration } from "./calibration-lines";

type Notice = (text: string) => void;

/** `tslora calibrate`. Everything is fitted before anything is written. */
export async function runCalibrate(call: CommandCall): Promise<number> {
  const { values } = call;
  const { model, adapter } = pick(values, MODEL_OPTIONS);
  const problems = new Problems("tslora calibrate");
  problems.expect(values.data !== undefined, "--data is needed: labelled texts that the classifier was not trained on");
  const folder = adapter ?? model;
  problems.expect(
    folder !== undefined && existsSync(folder),
    `--adapter, or --model with a folder, is needed: the calibration is written beside the weights; got ${folder ?? "neither"}`,
  );
  const { cascade, threshold } = pick(values, CALIBRATE_OPTIONS);
  problems.expect(cascade !== undefined || threshold === undefined, "--threshold is for --cascade alone");
  problems.throwIfAny();
  const lock = lockFolder(folder ?? "", { purpose: "tslora calibrate" });
  try {
    return await calibrateLocked(call, folder ?? "");
  } finally {
    lock.release();
  }
}

async function calibrateLocked(call: CommandCall, folder: string): Promise<number> {
  const { terminal, values } = call;
  const options = pick(values, CALIBRATE_OPTIONS);
  const notices: string[] = [];
  const notice: Notice = (text) => {
    notices.push(text);
    if (values.json !== true) writeNotice(terminal, text);
  };
  const { classifier, model } = await openClassifier({
    command: "calibrate",
    terminal,
    ...pick(values, MODEL_OPTIONS),
    notice,
    beforeLoading: () => loadQuietly(terminal, pick(values, DEVICE_OPTIONS)),
  });
  try {
    expectOneLabel(classifier);
    if (options.cascade !== undefined)
      return await (await import("./run-cascade.js")).runCascade(call, { classifier, folder, notice, notices });
    const { labels } = classifier;
    const fitted = await readLogits(call, { classifier, notice, folder, which: "data" });
    const tested =
      options.test === undefined ? fitted : await readLogits(call, { classifier, notice, folder, which: "test" });
    const calibration = fitCalibration(fitted.logits, fitted.labels, { method: options.method });
    const conformal = fitConformal(
      fitted.logits.map((row) => softmax(row).probabilities),
      fitted.labels,
      { score: options.sets, classConditional: options.perClass },
    );
    const compared = compareCalibration(tested, { labels, calibration, bins: options.bins });
    const onOthers = options.test !== undefined && !isSameSource(options.test, pick(values, DATA_OPTIONS).data);
    const files = [
      await saveCalibration(folder, calibration, { labels }),
      await saveConformal(folder, conformal, { labels }),
    ];
    const { scores, ...sets } = conformal;
    const counts = scores.map(({ length }) => length);
    const document = {
      model: model.id,
      adapter: values.adapter,
      notices,
      files,
      calibration,
      conformal: { ...sets, n: counts },
      comparedOn: onOthers ? "test" : "data",
      ...compared,
    };
    terminal.out.write(
      values.json === true
        ? `${JSON.stringify(document, undefined, 2)}\n`
        : `${calibrationLines({ calibration, conformal, compared, onOthers, files, terminal }).join("\n")}\n`,
    );
    return EXIT.ok;
  } finally {
    classifier.dispose();
  }
}

function expectOneLabel({ problemType }: SequenceClassifier): void {
  if (problemType === "multi_label_classification")
    throw new TsloraError(
      "unsupported",
      "tslora calibrate: calibrations and cascades are for one label a text; this classifier's texts may have several.",
    );
}

/** Logits of the texts of --data or --test, with their progress. */
async function readLogits(
  { terminal, values }: CommandCall,
  {
    classifier,
    notice,
    folder,
    which,
  }: { classifier: SequenceClassifier; notice: Notice; folder: string; which: "data" | "test" },
): Promise<LogitsAndLabels> {
  const { loadTexts } = await import("../inputs/load-texts.js"); // danfojs loads TensorFlow
  const { maxTokensPerPass, test } = pick(values, CALIBRATE_OPTIONS);
  const data = pick(values, DATA_OPTIONS);
  expectPairs(classifier, { textPair: data.textPair, command: "calibrate" });
  const { frame } = await loadTexts(which === "test" ? { ...data, data: test } : data, {
    labels: classifier.labels,
    allowMissingClasses: true,
    notice,
  });
  await warnOfTrainedTexts(frame, { folder, notice });
  const progress = countProgress(terminal, which === "test" ? "Testing" : "Calibrating");
  try {
    return await logitsOf(classifier, frame, { onProgress: progress.update, maxTokensPerPass });
  } finally {
    progress.stop();
  }
}
