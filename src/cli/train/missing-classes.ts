import type { DataFrame } from "danfojs-node";

import { shortList } from "../../base/short-list";
import { countLabels, type Parts } from "./part-data";

/** Options of {@link missingClassNotices}: the names of classes. */
interface MissingClassOptions {
  /** The classes' names, by label. */
  readonly labels: readonly string[];
  /** All texts, before they were split. */
  readonly loaded: DataFrame;
}

/**
 * Sentences about classes that a part lacks: classes without a training text cannot be learned, classes without a
 * validation or test text have no scores there.
 */
export function missingClassNotices(parts: Parts, { labels, loaded }: MissingClassOptions): string[] {
  const all = countLabels(loaded, labels);
  const missing = (frame: DataFrame): string[] => {
    const counts = countLabels(frame, labels);
    return labels.flatMap((name, label) => (counts[label] > 0 ? [] : [`${name} (${all[label]} in all)`]));
  };
  const untrained = missing(parts.train);
  const notices =
    untrained.length === 0
      ? []
      : [
          `Warning: no text to train on has the label ${shortList(untrained)}, which therefore cannot be learned. Give --stratify, another --random-state, or more texts.`,
        ];
  for (const name of ["validation", "test"] as const) {
    const part = parts[name];
    const absent = part === undefined ? [] : missing(part);
    if (absent.length > 0)
      notices.push(
        `No ${name} text has the label ${shortList(absent)}: its scores, and the areas under curves, are undefined there.`,
      );
  }
  return notices;
}
