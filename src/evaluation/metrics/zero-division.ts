import type { Problems } from "../../base/problems";
import type { OutcomeCounts } from "./outcome-counts";

/** Value of a score that would divide by zero: 0, 1 or NaN; "warn" is 0 with a process warning of Node. */
export type ZeroDivision = number | "warn";

/** The number for an option. Adds a problem for an invalid value. @default 0 */
export function readZeroDivision(problems: Problems, zeroDivision: ZeroDivision = 0): number {
  const known = zeroDivision === "warn" || zeroDivision === 0 || zeroDivision === 1 || Number.isNaN(zeroDivision);
  problems.expect(known, `zeroDivision must be 0, 1, NaN or "warn"; got ${String(zeroDivision)}`);
  return zeroDivision === "warn" ? 0 : zeroDivision;
}

/** A score that can divide by zero. */
export type DividedScore = "precision" | "recall" | "F-score";

/** Warns (`UndefinedMetricWarning`) about scores that are set to 0 because they would divide by zero. */
export function warnOfZeroDivision(
  where: string,
  { predicted, actual }: OutcomeCounts,
  scores: readonly DividedScore[] = ["precision", "recall", "F-score"],
): void {
  const why = {
    precision: "nothing is predicted",
    recall: "nothing is true",
    "F-score": "nothing is true or predicted",
  };
  const whole = { precision: predicted, recall: actual, "F-score": actual.map((count, i) => count + predicted[i]) };
  for (const score of scores) {
    const zeros = whole[score].filter((count) => count === 0).length;
    if (zeros > 0)
      process.emitWarning(
        `${where}: ${score} is set to 0 where ${why[score]} (${zeros} of ${predicted.length}). Set it by zeroDivision.`,
        "UndefinedMetricWarning",
      );
  }
}
