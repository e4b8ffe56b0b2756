import type { DataFrame } from "danfojs-node";

import { Problems } from "../../base/problems";
import { NumpyRandom } from "./numpy-random";
import { readFrame } from "../read-frame";
import { readSeed } from "./split-checks";

/** The label to make rare, and its share. */
export interface SubsampleOptions {
  /** The label that becomes rarer. */
  readonly label: number;
  /** Its share of all rows afterwards, between 0 and 1: 0.1 for one in ten. */
  readonly share: number;
  /** The seed of the draw, a whole number in [0, 2^32). */
  readonly randomState: number;
}

/**
 * Makes a label rarer: returns all rows of the other labels, and a random sample of the label's rows. The sample's size
 * gives the share, rounded to the nearest row, at least one. Rows keep their order and their index.
 *
 * @throws TsloraError `bad-option` if the label has fewer rows than the share requires, or an option is out of range.
 */
export function subsampleLabel(frame: DataFrame, options: SubsampleOptions): DataFrame {
  const { label, share, randomState } = options;
  const labels = readFrame(frame).label;
  const own = labels.flatMap((value, row) => (value === label ? [row] : []));
  const others = labels.length - own.length;
  const wanted = Math.max(1, Math.round((others * share) / (1 - share)));
  const problems = new Problems("subsampleLabel");
  if (problems.expect(share > 0 && share < 1, `share must be a number between 0 and 1; got ${String(share)}`)) {
    problems.expect(
      wanted <= own.length,
      `there must be ${wanted} rows or more of label ${String(label)}, which is ${share} of all with the ${others} other rows; there are ${own.length}`,
    );
  }
  const seed = readSeed(problems, randomState);
  problems.throwIfAny();
  const drawn = new Set(new NumpyRandom(seed).choice(own, wanted));
  return frame.iloc({ rows: labels.flatMap((value, row) => (value !== label || drawn.has(row) ? [row] : [])) });
}
