import { Problems } from "../../base/problems";
import { mean } from "../metrics/mean";
import { DEFAULT_CONFIDENCE, expectConfidence, type Interval } from "./interval";
import { studentTCritical } from "./student-t";

/**
 * Student's t interval of the mean of independent values, such as the scores of runs with different seeds. It assumes
 * that they are about normal; with fewer than five values it is wide.
 *
 * @param options.confidence - @default 0.95
 * @returns undefined for fewer than two values
 * @throws TsloraError `bad-option` for a confidence outside 0 to 1
 */
export function meanInterval(
  values: readonly number[],
  options: { readonly confidence?: number } = {},
): Interval | undefined {
  const { confidence = DEFAULT_CONFIDENCE } = options;
  const problems = new Problems("meanInterval");
  expectConfidence(problems, confidence);
  problems.throwIfAny();
  if (values.length < 2) return undefined;
  const centre = mean(values);
  const deviation = sampleDeviation(values);
  const half = (studentTCritical(1 - confidence, values.length - 1) * deviation) / Math.sqrt(values.length);
  return { low: centre - half, high: centre + half, confidence, method: "student-t" };
}

/** The standard deviation of a sample, with n - 1 in the denominator; NaN for fewer than two values. */
export function sampleDeviation(values: readonly number[]): number {
  const centre = mean(values);
  const square = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return values.length < 2 ? NaN : Math.sqrt(square / (values.length - 1));
}
