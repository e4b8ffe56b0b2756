import type { DataFrame } from "danfojs-node";

import type { PredictionPrecision } from "../../classifier/precisions";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { setPrecision, type PrecisionCheck, type PrecisionReport } from "../../classifier/set-precision";
import { readLabelledTexts } from "../../evaluation/labelled-texts";
import { readMultiLabelTexts } from "../../evaluation/multi-label-texts";
import { PRECISION_CHECK_TEXTS } from "../options/evaluate-options";

/** The precision of an evaluation, and the texts to compare it on. */
interface PrecisionUse {
  readonly precision?: PredictionPrecision | undefined;
  readonly precisionCheck?: number | undefined;
  readonly frame: DataFrame;
  readonly notice: (text: string) => void;
}

/**
 * Sets the precision of an evaluation. In 8 bits some of the data's texts are also predicted in 32-bit floats, and the
 * notice compares them.
 */
export async function usePrecision(
  classifier: SequenceClassifier,
  { precision = "float32", precisionCheck: most = PRECISION_CHECK_TEXTS, frame, notice }: PrecisionUse,
): Promise<PrecisionReport | undefined> {
  if (precision === "float32") return undefined;
  const check = most === 0 || precision !== "int8" ? undefined : checkSet(classifier, { frame, most });
  const report = await setPrecision(classifier, precision, { check, call: "tslora evaluate" });
  notice(report.notice);
  return report;
}

/** Texts at even distances in the data, which may be sorted by label. */
function checkSet(classifier: SequenceClassifier, { frame, most }: { frame: DataFrame; most: number }): PrecisionCheck {
  const { labels: names, problemType } = classifier;
  const several = problemType === "multi_label_classification";
  const { texts, labels } = several
    ? { ...readMultiLabelTexts("tslora evaluate", frame, names), labels: undefined }
    : readLabelledTexts("tslora evaluate", frame, { classes: names.length });
  const count = Math.min(most, texts.length);
  const chosen = Array.from({ length: count }, (_, i) => Math.floor((i * texts.length) / count));
  return {
    texts: chosen.map((row) => texts[row]),
    ...(labels === undefined ? {} : { labels: chosen.map((row) => labels[row]) }),
  };
}
