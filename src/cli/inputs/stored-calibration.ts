import { join } from "node:path";

import { Problems } from "../../base/problems";
import { shownPath } from "../../base/shown-path";
import { TsloraError } from "../../base/tslora-error";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import type { Calibration } from "../../evaluation/calibration/calibration";
import { CALIBRATION_FILE, loadCalibration, loadConformal } from "../../evaluation/calibration/stored-calibration";
import { fewestCalibrationTexts, type Conformal } from "../../evaluation/conformal/conformal";

/** The folder of a calibration, and whether it is looked for. */
interface FindOptions {
  /** The folder of the adapter, else of the model. */
  readonly folder: string;
  /** False if --no-calibration was given. */
  readonly asked: boolean | undefined;
  readonly notice: (text: string) => void;
}

/** The calibration in the folder of the weights, unless it is missing or not wanted. A notice names it. */
export async function findCalibration(
  { labels, problemType }: SequenceClassifier,
  { folder, asked = true, notice }: FindOptions,
): Promise<Calibration | undefined> {
  if (!asked || problemType === "multi_label_classification") return undefined;
  const calibration = await loadCalibration(folder, { labels });
  if (calibration !== undefined)
    notice(`Probabilities are calibrated (${calibration.method}) by ${shownPath(join(folder, CALIBRATION_FILE))}.`);
  return calibration;
}

/**
 * The prediction sets of --abstain.
 *
 * @throws TsloraError `not-found`, with the command that makes them, `bad-option` for an alpha that needs more texts.
 */
export async function findSets(
  { labels }: SequenceClassifier,
  { folder, alpha, flag }: { folder: string; alpha: number; flag: "--adapter" | "--model" },
): Promise<{ conformal: Conformal; alpha: number }> {
  const conformal = await loadConformal(folder, { labels });
  const place = shownPath(folder);
  if (conformal === undefined)
    throw new TsloraError(
      "not-found",
      `tslora predict: --abstain needs conformal.json, which ${place} does not hold. Make it on labelled texts that the classifier was not trained on: npx tslora calibrate ${flag} ${place} --data validation.csv`,
    );
  const fewest = Math.min(...conformal.scores.map(({ length }) => length));
  const needed = fewestCalibrationTexts(alpha);
  const problems = new Problems("tslora predict");
  problems.expect(
    fewest >= needed,
    `--abstain ${alpha} needs ${needed} calibration texts${conformal.classConditional ? " of each class" : ""}; ${place} was calibrated on ${fewest}. Give a greater alpha, or calibrate on more texts`,
  );
  problems.throwIfAny();
  return { conformal, alpha };
}
