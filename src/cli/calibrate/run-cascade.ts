import { canonicalSha256 } from "../../base/canonical-json";
import { shownPath } from "../../base/shown-path";
import { TsloraError } from "../../base/tslora-error";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { shareRead, type Cascade } from "../../evaluation/cascade/cascade";
import { cascadeSettings, expectNoTrainingTexts, fitCascade } from "../../evaluation/cascade/fit-cascade";
import { saveCascade } from "../../evaluation/cascade/stored-cascade";
import { readLabelledTexts } from "../../evaluation/labelled-texts";
import { predictTexts } from "../../evaluation/predict-texts";
import { EXIT } from "../exit-codes";
import { expectPairs } from "../inputs/expect-pairs";
import { isSameSource } from "../inputs/same-source";
import { findCalibration } from "../inputs/stored-calibration";
import type { CommandCall } from "../library-command";
import { CALIBRATE_OPTIONS } from "../options/calibrate-options";
import { pick } from "../options/option-table";
import { DATA_OPTIONS } from "../options/shared-options";
import { countProgress } from "../terminal/show-progress";
import { factLines } from "../terminal/text-layout";
import type { Terminal } from "../terminal/terminal";

/** Shares of positive texts for which the lines say how much the encoder reads. */
const SHARES = [0.5, 0.1, 0.01];

interface CascadeInput {
  readonly classifier: SequenceClassifier;
  readonly folder: string;
  readonly notice: (text: string) => void;
  /** The notices so far, for `--json`. */
  readonly notices: readonly string[];
}

/** `tslora calibrate --cascade`: fits the screen of `predict --cascade`, and writes it beside the weights. */
export async function runCascade({ terminal, values }: CommandCall, of: CascadeInput): Promise<number> {
  const { classifier, folder, notice, notices } = of;
  const { cascade: path, maxRecallLoss, positive, threshold, maxTokensPerPass } = pick(values, CALIBRATE_OPTIONS);
  if (classifier.labels.length !== 2)
    throw new TsloraError(
      "unsupported",
      `tslora calibrate: --cascade is for two labels; the classifier has ${classifier.labels.length}.`,
    );
  const settings = cascadeSettings({
    ...{ labels: classifier.labels, positive, maxRecallLoss, encoderThreshold: threshold },
  });
  const { loadTexts } = await import("../inputs/load-texts.js"); // danfojs loads TensorFlow
  const data = pick(values, DATA_OPTIONS);
  const { labels } = classifier;
  expectPairs(classifier, { textPair: data.textPair, command: "calibrate" });
  const train = await loadTexts({ ...data, data: path }, { labels, notice });
  const same = isSameSource(data.data, path);
  const forThreshold = same ? train.frame : (await loadTexts(data, { labels, notice })).frame;
  const [trained, { texts }] = [train.frame, forThreshold].map((frame) =>
    readLabelledTexts("tslora calibrate", frame, { classes: labels.length }),
  );
  if (!same) expectNoTrainingTexts({ texts }, trained); // before the encoder reads them
  const calibration = await findCalibration(classifier, { folder, asked: true, notice });
  const progress = countProgress(terminal, "Predicting");
  const predictions = await predictTexts(classifier, texts, {
    ...{ threshold, calibration, maxTokensPerPass, onProgress: progress.update },
  }).finally(progress.stop);
  const wanted = labels[settings.positive];
  const cascade = fitCascade(train.frame, {
    ...{ labels, positive, maxRecallLoss, encoderThreshold: threshold },
    encoderCalibration: calibration && canonicalSha256(calibration),
    validation: same ? undefined : forThreshold,
    found: predictions.map((one) => one.labels.includes(wanted)),
  });
  const file = await saveCascade(folder, cascade);
  const { recall, encoderThreshold } = cascade;
  const chosen = { threshold: cascade.threshold, encoderThreshold, positive: labels[cascade.positive], recall };
  const document = { notices, files: [file], ...chosen };
  terminal.out.write(
    values.json === true
      ? `${JSON.stringify(document, undefined, 2)}\n`
      : `${cascadeLines(cascade, { file, terminal }).join("\n")}\n`,
  );
  return EXIT.ok;
}

function cascadeLines(
  cascade: Cascade,
  { file, terminal }: { readonly file: string; readonly terminal: Terminal },
): string[] {
  const { labels, positive, recall } = cascade;
  const { positives, missed, loss, lossBound, confidence, negatives, negativesPassed, measuredOn } = recall;
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const on = measuredOn === "folds" ? "each text scored by a screen trained without it" : "texts of --data";
  return factLines(
    [
      ["Cascade", shownPath(file)],
      [
        "Loss of recall",
        `at most ${percent(lossBound)} (one-sided, confidence ${confidence}): ${missed} of the ${positives} texts of ${labels[positive]} that the encoder finds are not passed, ${percent(loss)}; ${on}`,
      ],
      ["Passed", `${percent(negativesPassed)} of ${negatives} other texts`],
      ...SHARES.map((share): [string, string] => [
        `At ${100 * share} % ${labels[positive]}`,
        `the encoder reads ${percent(shareRead(cascade, share))} of the texts`,
      ]),
    ],
    terminal,
  );
}
