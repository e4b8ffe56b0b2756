import { Problems } from "../base/problems";
import { TsloraError } from "../base/tslora-error";
import type { TextInput } from "../base/text-input";
import { expectFloat32, int8Of, isInt8, roundToInt8, type Int8Weights } from "../model/int8-weights";
import { PRECISIONS, type PredictionPrecision } from "./precisions";
import type { SequenceClassifier } from "./sequence-classifier";

/** Texts and their labels, for the comparison before and after rounding. */
export interface PrecisionCheck {
  readonly texts: readonly TextInput[];
  /** Index of each text's label; without them, predictions are compared but not scored. */
  readonly labels?: readonly number[];
}

/** Options of {@link setPrecision}. */
export interface SetPrecisionOptions {
  /** A small check set, on which predictions in 32-bit floats and in 8 bits are compared. @default none */
  readonly check?: PrecisionCheck;
  /** The call, for messages. @internal */
  readonly call?: string;
}

/** Predictions in 32-bit floats and in 8 bits of the same texts. */
export interface PrecisionComparison {
  /** Number of texts. */
  readonly texts: number;
  /** Texts with another prediction. */
  readonly changed: number;
  /** The largest difference of a logit. */
  readonly largestDifference: number;
  /** Shares of right labels; missing if the check has no labels, or texts may have several. */
  readonly accuracy?: { readonly float32: number; readonly int8: number };
}

/** Result of {@link setPrecision}. */
export interface PrecisionReport {
  readonly requested: PredictionPrecision;
  /** The numbers that prediction computes with from now on. */
  readonly used: "float32" | "int8";
  /** Size of the weights in 8 bits. */
  readonly weights?: Int8Weights;
  readonly check?: PrecisionComparison;
  /** All of it in a sentence or two; empty if nothing changed. */
  readonly notice: string;
}

/**
 * Chooses the numbers that a classifier predicts with. In 8 bits the weights of the encoder's linear layers take a
 * quarter of the memory; adapters stay in 32-bit floats beside them, so that they can be loaded, switched and disabled.
 * There is no way back but to load the classifier again. Training, merging, saving and exporting such a classifier are
 * errors.
 *
 * @throws TsloraError `bad-option` if the precision is unknown, `device` if "int8" is asked for on a GPU, `bad-input`
 *   if an adapter is merged but not unloaded, or a weight holds NaN or Infinity; the classifier is then unchanged.
 */
export async function setPrecision(
  classifier: SequenceClassifier,
  precision: PredictionPrecision,
  { check, call = "setPrecision" }: SetPrecisionOptions = {},
): Promise<PrecisionReport> {
  expectOptions(precision, { check, call });
  const { model } = classifier;
  if (precision === "bf16")
    return {
      requested: precision,
      used: isInt8(model) ? "int8" : "float32",
      notice: `Precision bf16 brings nothing to prediction and is not used: tslora has no bf16 kernels for this device's predictions. ${isInt8(model) ? "The weights stay in 8 bits." : "Predictions are computed in float32."}`,
    };
  if (precision === "float32") {
    expectFloat32(model, call);
    return { requested: precision, used: "float32", notice: "" };
  }
  if (isInt8(model)) return { requested: precision, used: "int8", notice: "" };
  const products = int8Of(model);
  if (products === undefined)
    throw new TsloraError(
      "device",
      `${call}: precision "int8" needs the kernels of the processor; the device is ${classifier.device?.name ?? model.ops.name}. Give device "cpu", or precision "float32".`,
    );
  if (classifier.adapterState === "merged")
    throw new TsloraError(
      "bad-input",
      `${call}: adapter "${classifier.activeAdapter ?? ""}" is merged into the weights. Call mergeAndUnload first to round the merged weights, or unmergeAdapter to keep the adapter in 32-bit floats.`,
    );
  const before = check && (await classifier.predictLogits(check.texts));
  const weights = await roundToInt8(model, products);
  const after = check && (await classifier.predictLogits(check.texts));
  const comparison = check && before && after ? compare({ before, after, check, classifier }) : undefined;
  return {
    requested: precision,
    used: "int8",
    weights,
    check: comparison,
    notice: notice(weights, { comparison, method: products.method }),
  };
}

/** @throws TsloraError `bad-option` that lists everything wrong with the options. */
function expectOptions(precision: string, { check, call }: { check: PrecisionCheck | undefined; call: string }): void {
  const problems = new Problems(call);
  problems.expect(
    PRECISIONS.some((known) => known === precision),
    `precision must be "float32", "bf16" or "int8"; got ${JSON.stringify(precision)}`,
  );
  problems.expect(
    check === undefined || (check.texts.length > 0 && (check.labels ?? check.texts).length === check.texts.length),
    `check must have at least one text, and a label for each or none; got ${check?.texts.length ?? 0} texts and ${check?.labels?.length ?? 0} labels`,
  );
  problems.throwIfAny();
}

function compare({
  before,
  after,
  check: { texts, labels },
  classifier,
}: {
  before: Float32Array;
  after: Float32Array;
  check: PrecisionCheck;
  classifier: SequenceClassifier;
}): PrecisionComparison {
  const width = classifier.labels.length;
  const several = classifier.problemType === "multi_label_classification";
  // the most probable label; for several labels a text, each that is above 0.5
  const chosen = (logits: Float32Array): string[] =>
    texts.map((_, row) => {
      const own = logits.subarray(row * width, (row + 1) * width);
      return several ? own.map((logit) => Number(logit > 0)).join() : String(own.indexOf(Math.max(...own)));
    });
  const [old, now] = [chosen(before), chosen(after)];
  const share = (found: readonly string[]): number =>
    found.filter((label, row) => label === String(labels?.[row])).length / texts.length;
  return {
    texts: texts.length,
    changed: old.filter((label, row) => label !== now[row]).length,
    largestDifference: before.reduce((most, logit, i) => Math.max(most, Math.abs(logit - after[i])), 0),
    ...(labels === undefined || several ? {} : { accuracy: { float32: share(old), int8: share(now) } }),
  };
}

function notice(
  { matrices, bytes, float32Bytes }: Int8Weights,
  { comparison, method }: { comparison: PrecisionComparison | undefined; method: string },
): string {
  const size = (count: number): string => `${(count / 1e6).toFixed(1)} MB`;
  const rounded = `Precision int8: ${matrices} weights take ${size(bytes)} instead of ${size(float32Bytes)}; products by ${method}.`;
  if (comparison === undefined) return rounded;
  const { texts, changed, largestDifference, accuracy } = comparison;
  const scored =
    accuracy === undefined ? "" : ` accuracy ${accuracy.int8.toFixed(4)}, in float32 ${accuracy.float32.toFixed(4)};`;
  return `${rounded} On ${texts} check ${texts === 1 ? "text" : "texts"}:${scored} ${changed} predicted ${changed === 1 ? "label" : "labels"} changed, logits differ by at most ${largestDifference.toPrecision(2)}.`;
}
