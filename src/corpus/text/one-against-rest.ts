import type { DataFrame } from "danfojs-node";

import { Problems } from "../../base/problems";
import { shownNames, shownValue } from "../../base/shown-value";
import { readFrame } from "../read-frame";
import { withColumns } from "../with-columns";

/** A corpus with two labels: one class, and all other classes together. */
export interface BinaryData {
  /** Label 1 is the positive class, label 0 every other one. Rows keep their order. */
  readonly frame: DataFrame;
  /** The names of labels 0 and 1. */
  readonly labels: readonly [rest: string, positive: string];
}

/** Options of {@link oneAgainstRest}. */
export interface OneAgainstRestOptions {
  /** The labels' names, in their order. */
  readonly labels: readonly string[];
  /** The name of the positive class; "auto" is the second of two classes, or the rarest of more. @default "auto" */
  readonly positive?: string;
}

/**
 * Makes two labels from one class and all others, for methods that need two labels: thresholds, costs, curves.
 *
 * @throws TsloraError `bad-option` if the positive class is not one of the labels.
 */
export function oneAgainstRest(frame: DataFrame, options: OneAgainstRestOptions): BinaryData {
  const { labels, positive = "auto" } = options;
  const columns = readFrame(frame);
  const counts = labels.map((_, label) => columns.label.filter((value) => value === label).length);
  const rarest = labels.length === 2 ? 1 : counts.lastIndexOf(Math.min(...counts));
  const at = labels.includes(positive) ? labels.indexOf(positive) : positive === "auto" ? rarest : -1;
  const problems = new Problems("oneAgainstRest");
  problems.expect(
    at >= 0,
    `positive must be one of ${shownNames(labels, 20)}, or "auto"; got ${shownValue(positive)}.`,
  );
  problems.throwIfAny();
  const rest = labels.length === 2 ? labels[1 - at] : `not ${labels[at]}`;
  if (labels.length === 2 && at === 1) return { frame, labels: [rest, labels[at]] };
  const label = columns.label.map((one) => (one === at ? 1 : 0));
  return { frame: withColumns(frame, { label }), labels: [rest, labels[at]] };
}
