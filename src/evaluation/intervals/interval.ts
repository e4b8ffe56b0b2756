import type { Problems } from "../../base/problems";

/** A confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** The confidence level, 0.95 for 95%. */
  readonly confidence: number;
  readonly method: "wilson" | "bootstrap" | "corrected-resampled-t" | "student-t";
}

export const DEFAULT_CONFIDENCE = 0.95;

export function expectConfidence(problems: Problems, confidence: number): void {
  problems.expect(
    confidence > 0 && confidence < 1,
    `confidence must be a number between 0 and 1, such as 0.95; got ${String(confidence)}`,
  );
}
