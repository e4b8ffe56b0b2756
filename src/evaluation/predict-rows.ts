import type { TextInput } from "../base/text-input";
import { TsloraError } from "../base/tslora-error";
import type { PredictLogitsOptions, TextClassifier } from "./text-classifier";

/**
 * A classifier's scores as rows. Checks them, since any class may implement a classifier, and a diverged model gives
 * NaN.
 *
 * @returns [texts][labels]
 * @throws TsloraError `bad-input` when a score is missing or not finite.
 */
export async function predictRows(
  where: string,
  classifier: TextClassifier,
  { texts, ...options }: PredictLogitsOptions & { readonly texts: readonly TextInput[] },
): Promise<number[][]> {
  const width = classifier.labels.length;
  if (width < 2)
    throw new TsloraError("bad-input", `${where}: the classifier must have two labels or more; got ${width}.`);
  const logits = texts.length === 0 ? new Float32Array() : await classifier.predictLogits(texts, options);
  if (logits.length !== texts.length * width)
    throw new TsloraError(
      "bad-input",
      `${where}: the classifier must give ${width} scores for each of ${texts.length} texts; it gave ${logits.length} in all.`,
    );
  const bad = logits.findIndex((logit) => !Number.isFinite(logit));
  if (bad >= 0)
    throw new TsloraError(
      "bad-input",
      `${where}: the classifier gave ${logits[bad]} for the text at index ${Math.floor(bad / width)}. Its weights are not usable; did training diverge?`,
    );
  return texts.map((_, i) => Array.from(logits.subarray(i * width, (i + 1) * width)));
}
